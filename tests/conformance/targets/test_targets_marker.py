"""The `postfix` marker's rule in conftest.py."""

from __future__ import annotations

from typing import cast

import pytest
from conftest import pytest_runtest_setup

import conformance.targets.installed


class MarkedItem:
    """A test item that carries the marker."""

    def get_closest_marker(self, name: str) -> bool:
        return name == "postfix"


class UnmarkedItem:
    """A test item that doesn't."""

    def get_closest_marker(self, _name: str) -> None:
        return None


@pytest.fixture
def no_postfix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance.targets.installed.shutil, "which", lambda *_, **__: None)


def set_up(item: object) -> None:
    pytest_runtest_setup(cast(pytest.Item, item))


@pytest.mark.usefixtures("no_postfix")
def test_without_postfix_a_marked_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCACHE_REQUIRE_POSTFIX", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Postfix is installed"):
        set_up(MarkedItem())


@pytest.mark.usefixtures("no_postfix")
def test_where_postfix_is_required_a_marked_test_fails_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCACHE_REQUIRE_POSTFIX", "1")
    with pytest.raises(pytest.fail.Exception, match="no Postfix is installed"):
        set_up(MarkedItem())


@pytest.mark.usefixtures("no_postfix")
def test_a_test_without_the_marker_needs_no_postfix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCACHE_REQUIRE_POSTFIX", "1")
    set_up(UnmarkedItem())
