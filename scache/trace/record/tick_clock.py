"""The clock that recordings go by."""

from __future__ import annotations

import time
from math import floor

__all__ = ["TickClock"]

#: Linux has it (linux/time.h), Python has no name for it.
CLOCK_REALTIME_COARSE = 5

_MICROSECOND = 1e-6


class TickClock:
    """The machine's clock to the microsecond, but with its seconds where time(2) has them.

    time(2), by which Postfix's timers go, takes the second from the kernel's last tick, up to some
    milliseconds late. What is cached expires on whole seconds, so a replay must see the same ones.
    """

    def now(self) -> float:
        """Seconds since the epoch."""
        ticked = floor(time.clock_gettime(CLOCK_REALTIME_COARSE))
        return min(time.time(), ticked + 1 - _MICROSECOND)

    def text(self, seconds: int) -> str:
        """Local time as `Nov  3 11:10:00`."""
        return time.ctime(seconds)[4:19]
