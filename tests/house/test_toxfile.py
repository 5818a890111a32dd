"""Interpreters that tox doesn't find by itself (toxfile.py)."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

TOXFILE = Path(__file__).parents[2] / "toxfile.py"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The whole environment, on a machine whose version manager keeps an interpreter to itself."""
    path = tmp_path / ".pyenv/versions/3.12.1/bin/python3.12"
    path.parent.mkdir(parents=True)
    path.touch()
    environment = {"HOME": str(tmp_path)}
    monkeypatch.setattr(os, "environ", environment)
    return environment


def test_an_interpreter_behind_a_shim_is_given_to_tox(environment: dict[str, str], tmp_path: Path) -> None:
    runpy.run_path(str(TOXFILE))
    assert environment["TOX_DISCOVER"] == str(tmp_path / ".pyenv/versions/3.12.1/bin/python3.12")


def test_what_the_caller_names_goes_before(environment: dict[str, str]) -> None:
    environment["TOX_DISCOVER"] = "/somewhere/python3.12"
    runpy.run_path(str(TOXFILE))
    assert environment["TOX_DISCOVER"] == "/somewhere/python3.12"


def test_without_a_version_manager_nothing_is_said(environment: dict[str, str]) -> None:
    environment["HOME"] = "/nonexistent"
    runpy.run_path(str(TOXFILE))
    assert "TOX_DISCOVER" not in environment
