"""Time, which comes into the server from here only."""

from __future__ import annotations

import time

__all__ = ["SystemClock", "VirtualClock"]


class SystemClock:
    """The machine's wall clock, which Postfix's timers go by (time(2)). `now()`: seconds since the epoch."""

    def __init__(self) -> None:
        self.now = time.time  # itself, not behind a call: it is asked once a turn

    def text(self, seconds: int) -> str:
        """Local time as `Nov  3 11:10:00` (ctime(3) without the year)."""
        return time.ctime(seconds)[4:19]


class VirtualClock:
    """A clock that moves only when told; its time zone is UTC."""

    def __init__(self, start: float = 1800000000.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds, or back."""
        self._now += seconds

    def text(self, seconds: int) -> str:
        """UTC as `Nov  3 11:10:00`."""
        return time.asctime(time.gmtime(seconds))[4:19]
