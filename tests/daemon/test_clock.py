from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from freezegun import freeze_time

from scache.daemon.clock import SystemClock
from scache.simulated.clock import VirtualClock

NOVEMBER_3 = 1793704200  # 2026-11-03 11:10:00 UTC


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "EST+5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@freeze_time("2026-11-03 11:10:00")
def test_the_systems_clock_is_the_wall_clock() -> None:
    assert SystemClock().now() == NOVEMBER_3


@pytest.mark.usefixtures("zone")
def test_the_log_writes_local_time_with_the_day_padded_by_a_blank() -> None:
    assert SystemClock().text(NOVEMBER_3) == "Nov  3 06:10:00"
    assert SystemClock().text(NOVEMBER_3 + 20 * 86400) == "Nov 23 06:10:00"


def test_a_virtual_clock_moves_only_when_told() -> None:
    clock = VirtualClock(NOVEMBER_3)
    assert [clock.now(), clock.now()] == [NOVEMBER_3] * 2
    clock.advance(90)
    clock.advance(-30)
    assert clock.now() == NOVEMBER_3 + 60
    clock.set(NOVEMBER_3 + 9000)
    assert clock.now() == NOVEMBER_3 + 9000


def test_no_time_passes_while_a_virtual_clock_is_set() -> None:
    clock = VirtualClock(NOVEMBER_3)
    clock.advance(90)
    clock.advance(-30)
    clock.set(0)
    assert clock.monotonic() == 90


@freeze_time("2026-11-03 11:10:00")
def test_what_has_passed_is_not_the_time_of_day() -> None:
    assert SystemClock().monotonic is time.monotonic


@pytest.mark.usefixtures("zone")
def test_a_virtual_clock_writes_utc() -> None:
    assert VirtualClock().text(NOVEMBER_3) == "Nov  3 11:10:00"
