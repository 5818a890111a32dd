"""The watchdog: what ends a process whose event loop stands still, and what doesn't."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from scache.postfix.watchdog import Watchdog


@pytest.fixture
def barks() -> Iterator[list[str]]:
    """Where the test's watchdog barks; the signal's handling is restored in the end."""
    before = signal.getsignal(signal.SIGALRM)
    yield []
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def watch(barks: list[str]) -> Watchdog:
    watchdog = Watchdog(3, barks.append, lambda: barks.append("end"))
    watchdog.start()
    return watchdog


def alarms(count: int) -> None:
    for _ in range(count):
        signal.raise_signal(signal.SIGALRM)


def test_an_alarm_for_each_beat_of_the_whole_time_without_a_turn_ends_the_process(barks: list[str]) -> None:
    watch(barks)
    alarms(300)  # three seconds
    assert barks == []
    alarms(1)
    assert barks == ["fatal: watchdog timeout", "end"]


def test_if_even_the_last_words_hang_the_kernel_ends_it(barks: list[str]) -> None:
    watch(barks)
    alarms(301)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    remaining, _interval = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < remaining <= 5


def test_a_turn_of_the_loop_starts_the_count_anew(barks: list[str]) -> None:
    watchdog = watch(barks)
    for _ in range(20):
        alarms(300)
        watchdog.turned()
    assert barks == []
