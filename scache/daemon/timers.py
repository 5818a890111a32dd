"""What is to be called at a time of one clock."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[int], None]

__all__ = ["Timers"]

_NEVER = float("inf")


class Timers:
    """A few handlers, each to be called once. `due`: when the earliest of them is, or infinity."""

    __slots__ = ("_requests", "due")

    def __init__(self) -> None:
        self._requests: dict[Handler, float] = {}
        self.due = _NEVER

    def __contains__(self, handler: Handler) -> bool:
        return handler in self._requests

    def set(self, handler: Handler, due: float) -> None:
        """Have a handler called at this time or as soon as possible after it, and no longer when it was to be
        called before.
        """
        self._requests[handler] = due
        self.due = min(self._requests.values())

    def cancel(self, handler: Handler) -> None:
        """Withdraw a request, if there is one."""
        self._requests.pop(handler, None)
        self.due = min(self._requests.values(), default=_NEVER)

    def run(self, time: float, now: int) -> None:
        """Call handler(now) for all that are due at this time of their clock, in the order of falling due."""
        for handler, due in sorted(self._requests.items(), key=lambda request: request[1]):
            if due <= time and self._requests.get(handler) == due:
                self.cancel(handler)
                handler(now)
