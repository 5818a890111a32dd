"""The rule of the `postfix` marker: no silent pass where the real Postfix is missing."""

from __future__ import annotations

import os

import pytest

from conformance.targets import parse_target


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the real Postfix where it is missing; fail where SCACHE_REQUIRE_POSTFIX is set."""
    if item.get_closest_marker("postfix") is None:
        return
    reason = parse_target("postfix").unavailable()
    if reason is None:
        return
    if os.environ.get("SCACHE_REQUIRE_POSTFIX"):
        pytest.fail(f"SCACHE_REQUIRE_POSTFIX is set, but {reason}", pytrace=False)
    pytest.skip(reason)
