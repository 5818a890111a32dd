"""A flood of warnings is cut short."""

from __future__ import annotations

from collections import deque

from conformance.simulation.checks.violation import Violation

__all__ = ["Warnings"]

_MINUTE = 60

#: What the bounds say, by its beginning: one line a minute of each.
_OF_BOUNDS = (
    "warning: too many ",
    "warning: no room ",
    "warning: clients wait: ",
    "warning: client closed: ",
    "warning: accept connection: ",
)


class Warnings:
    """The warnings that were logged, by their first three words. Times are in seconds of what has passed."""

    def __init__(self) -> None:
        self._logged: dict[str, deque[float]] = {}

    def logged(self, text: str, elapsed: float, most: int) -> None:
        """A line was logged, of whose kind `most` may be in a minute, 0: any number. The minutes are the
        daemon's, so that the last ones of one and the first ones of the next may be close together.
        """
        if text.startswith(_OF_BOUNDS):
            most = 1
        if most == 0:
            return
        kind = " ".join(text.split(" ")[:3])
        times = self._logged.setdefault(kind, deque())
        times.append(elapsed)
        while times[0] <= elapsed - _MINUTE:
            times.popleft()
        if len(times) > 2 * most:
            raise Violation("log", f"{len(times)} lines in a minute, where {most} are allowed: {text}")

    def forget(self) -> None:
        """Another number is allowed from now on."""
        self._logged.clear()
