"""The watchdog (watchdog.c): a process whose event loop stands still is ended by SIGALRM.

An alarm goes off each third of daemon_timeout. It also makes the loop turn (see signals.py), and a loop that
turns calls the watchdog off; so an alarm that comes from outside is harmless. Postfix starts its alarm anew
at each turn. Here it runs by itself, which costs a request nothing, and the fourth one ends the process, so
that three whole thirds have passed.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    import _signal as signal  # without its enums, whose import takes longer than all of the daemon's own

__all__ = ["Watchdog"]

_STEPS = 3
_LAST_WORDS = 5  # seconds for logging, whatever it is that stands still


class Watchdog:
    """Ends the process when the event loop has not turned for `timeout` seconds.

    log is told first; `end` then has to end the process. Signals has to be told of `turned`.
    """

    def __init__(self, timeout: int, log: Callable[[str], None], end: Callable[[], None]) -> None:
        self._log = log
        self._end = end
        self._alarms = 0
        self._interval = timeout / _STEPS

    def start(self) -> None:
        """Let the alarms go off from now on."""
        signal.signal(signal.SIGALRM, self._alarm)
        signal.setitimer(signal.ITIMER_REAL, self._interval, self._interval)

    def stop(self) -> None:
        """No alarm ends the process any more: an interpreter on its way out would take one by its default."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _alarm(self, _number: int, _frame: object) -> None:
        self._alarms += 1
        if self._alarms > _STEPS:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _LAST_WORDS)
            self._log("fatal: watchdog timeout")
            self._end()

    def turned(self) -> None:
        """The event loop has turned since the last alarm."""
        self._alarms = 0
