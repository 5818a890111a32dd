"""Time that moves only when told."""

from __future__ import annotations

import time

__all__ = ["VirtualClock"]


class VirtualClock:
    """A Clock in UTC. start: seconds since the epoch."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._now = start
        self._elapsed = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that have passed since the clock was made."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass. A negative number sets the clock back, while no time passes."""
        self._now += seconds
        self._elapsed += max(0.0, seconds)

    def set(self, now: float) -> None:
        """Set the clock, forth or back, while no time passes."""
        self._now = now

    def text(self, seconds: int) -> str:
        """UTC as `Nov  3 11:10:00`."""
        return time.asctime(time.gmtime(seconds))[4:19]
