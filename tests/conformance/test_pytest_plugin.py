"""The catalogue as pytest items, as another project has it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.postfix.installations import installed_postfix

pytestmark = pytest.mark.lasting

ROOT = Path(__file__).parents[2]


def pytest_in(directory: Path, *words: str) -> tuple[int, str]:
    """Exit status and output of a pytest run there."""
    command = [sys.executable, "-m", "pytest", "-p", "conformance.pytest_plugin", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a test of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    return tmp_path


def test_each_case_is_an_item_beside_the_project_s_own_tests(project: Path) -> None:
    status, output = pytest_in(project, "--scache", "simulated", "--scache-case", "announce/list", "-v")
    assert status == 0, output
    assert "test_own.py::test_own PASSED" in output
    assert "simulated::sanity/roundtrip/1 PASSED" in output
    assert "simulated::announce/list/4 PASSED" in output
    assert "6 passed" in output


def test_without_the_option_nothing_is_added(project: Path) -> None:
    status, output = pytest_in(project)
    assert (status, "1 passed" in output) == (0, True), output


def test_what_is_known_is_expected_to_fail_and_what_cannot_be_is_skipped(project: Path) -> None:
    cases = ["--scache-case", "robustness/dead/1", "--scache-case", "config/refused/1"]
    status, output = pytest_in(project, "--scache", "reference", *cases)
    assert (status, "1 skipped" in output, "1 xfailed" in output) == (0, True, True), output


def test_a_failure_is_explained(project: Path) -> None:
    (project / "conftest.py").write_text(
        "from scache.cache.connection_cache import ConnectionCache\n"
        "ConnectionCache.find_endp = lambda *_: None\n"
    )
    words = ["--scache", "simulated", "--scache-case", "find_endp/hit/1"]
    status, output = pytest_in(project, *words)
    assert status == 1
    assert "rule broken: " in output
    assert "^ byte 7: expected 30 (0), got 32 (2)" in output
    assert "to play just it: python -m conformance run --target simulated -v find_endp/hit/1" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--scache", "nothing"), "nothing: no such target"),
        (("--scache", "program:/nonexistent"), "/nonexistent is not a program that can be run"),
        (("--scache", "simulated", "--scache-case", "no/such"), "no case matches: no/such"),
    ],
)
def test_what_cannot_be_meant_is_one_line(words: tuple[str, ...], complaint: str, project: Path) -> None:
    status, output = pytest_in(project, *words)
    assert (status, complaint in output, "Traceback" in output) == (4, True, False), output


@pytest.mark.postfix
def test_the_documented_example_passes_on_the_real_one(project: Path) -> None:
    page = (ROOT / "docs" / "targets.md").read_text()
    example = re.search(r"^pytest -p conformance.pytest_plugin (.*)$", page, re.MULTILINE)
    assert example is not None
    real = str(installed_postfix().scache.executable)
    words = example[1].replace("/usr/libexec/postfix/scache", real).split()
    cases = ["--scache-case", "robustness/[ls]*", "--scache-case", "log/bad"]
    status, output = pytest_in(project, *words, *cases)
    assert (status, "7 xfailed" in output, " failed" in output) == (0, True, False), output
