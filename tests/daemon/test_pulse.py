"""The pulse: it beats while the loop has something to do, and wakes nobody who has nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from scache.daemon.pulse import BEAT, Pulse


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    yield Pulse()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def beats() -> bool:
    _remaining, interval = signal.getitimer(signal.ITIMER_REAL)
    return interval == pytest.approx(BEAT)


def seen(pulse: Pulse, timeouts: list[float | None]) -> list[tuple[float | None, bool]]:
    """Turns of a loop that waits for so long each: for how long, and whether the pulse beats meanwhile."""
    waits = []

    def wait(timeout: float | None) -> list[tuple[int, int]]:
        waits.append((timeout, beats()))
        return []

    for timeout in timeouts:
        assert (pulse.rest(wait, timeout) if pulse.has_beaten else wait(timeout)) == []
    return waits


def test_it_is_still_during_a_wait_after_a_beat_and_goes_on_with_what_comes_then(pulse: Pulse) -> None:
    pulse.begin()
    assert seen(pulse, [60, 61, None]) == [(60, False), (61, True), (None, True)]
    pulse.beat()
    assert seen(pulse, [62, 63]) == [(62, False), (63, True)]


def test_without_a_beginning_it_never_beats(pulse: Pulse) -> None:
    pulse.beat()
    pulse.start()
    assert seen(pulse, [60, 61]) == [(60, False), (61, False)]


def test_it_beats_until_it_is_stopped(pulse: Pulse) -> None:
    pulse.begin()
    pulse.start()
    assert beats()
    pulse.stop()
    assert not beats()
