"""The watchdog (watchdog.c): a process whose event loop stands still is ended by SIGALRM.

The pulse goes on while the loop stands still (see pulse.py), and each beat is an alarm. A loop that turns
hears of them (see signals.py) and calls the watchdog off; so an alarm that comes from outside is harmless.
Postfix has an alarm each third of daemon_timeout instead, and starts it anew at each turn.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.daemon.pulse import BEAT

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
else:
    import _signal as signal  # without its enums, whose import takes longer than all of the daemon's own

__all__ = ["Watchdog"]

_LAST_WORDS = 5  # seconds for logging, whatever it is that stands still


class Watchdog:
    """Ends the process when the event loop has not turned for `timeout` seconds of the pulse.

    log is told first; `end` then has to end the process. Signals has to be told of `turned`.
    """

    def __init__(self, timeout: int, log: Callable[[str], None], end: Callable[[], None]) -> None:
        self._log = log
        self._end = end
        self._alarms = 0
        self._most = timeout / BEAT

    def start(self) -> None:
        """Listen to the pulse from now on."""
        signal.signal(signal.SIGALRM, self._alarm)

    def stop(self) -> None:
        """No alarm ends the process any more: an interpreter on its way out would take one by its default."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)

    def _alarm(self, _number: int, _frame: object) -> None:
        self._alarms += 1
        if self._alarms > self._most:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _LAST_WORDS)
            self._log("fatal: watchdog timeout")
            self._end()

    def turned(self) -> None:
        """The event loop has turned since the last alarm."""
        self._alarms = 0
