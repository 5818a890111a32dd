"""Signals as something that the event loop can wait for, so that no handler runs in the middle of a turn."""

from __future__ import annotations

# Not `signal`: it wraps the C module in enums, which the daemon's start would pay for.
import _signal  # type: ignore[import-not-found]
import os

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Signals"]


class Signals:
    """A pipe into which the interpreter writes the number of each signal that came.

    handlers: signal number -> what to do about it, called from `ready` and never in between. A signal whose
    handler does nothing still ends a wait. To be made once, in the main thread.
    """

    __slots__ = ("_handlers", "_writing", "handle")

    def __init__(self, handlers: Mapping[int, Callable[[], None]]) -> None:
        self._handlers = handlers
        self.handle, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in handlers:
            _signal.signal(number, _note)

    def ready(self, _now: int) -> None:
        """Carry out the handlers of the signals that have come (a handler of Server.watch)."""
        for number in set(os.read(self.handle, 4096)):
            self._handlers[number]()


def _note(_number: int, _frame: object) -> None:
    """Python's own part of a signal; the wakeup descriptor has done ours."""
