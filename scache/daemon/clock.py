"""Time, which comes into the server from here only."""

from __future__ import annotations

import time

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from scache.daemon.interfaces import Clock

__all__ = ["Moment", "SystemClock"]


class SystemClock:
    """The machine's clocks (a Clock).

    `now()`: seconds since the epoch, which Postfix's timers go by (time(2)). `monotonic()`: seconds since the
    machine's start, whatever the clock is set to.
    """

    def __init__(self) -> None:
        self.now = time.time  # themselves, not behind a call: they are asked in each turn
        self.monotonic = time.monotonic

    def text(self, seconds: int) -> str:
        """Local time as `Nov  3 11:10:00` (ctime(3) without the year)."""
        return time.ctime(seconds)[4:19]


class Moment:
    """When a turn of the event loop began, by both clocks: whoever asks in the turn needs no other time.

    `wall`: seconds since the epoch. `elapsed`: seconds of the monotonic clock.
    """

    __slots__ = ("elapsed", "wall")

    def __init__(self, clock: Clock) -> None:
        self.wall = clock.now()
        self.elapsed = clock.monotonic()
