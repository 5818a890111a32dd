"""A signal every few milliseconds while the daemon works, so that no system call waits for long.

A client can send descriptors that nobody asked for, and a socket with more of them in its queue. The kernel
closes them in the middle of the daemon's own read or close; and where one is a TCP socket whose owner has set
SO_LINGER, that waits for as long as the owner likes. No option helps who doesn't hold the descriptor, but a
signal ends the wait.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    Wait = Callable[[float | None], list[tuple[int, int]]]
else:
    import _signal as signal  # without its enums, whose import takes longer than all of the daemon's own

__all__ = ["BEAT", "Pulse"]

#: Seconds between two signals, and so the longest wait.
BEAT = 0.01


class Pulse:
    """Beats by SIGALRM, from `begin` on while the loop has something to do; `beat` is to be called in a turn
    behind each beat. Without `begin` it never does, as in simulation.

    `has_beaten`: since it was started last, so that it is time to `rest`.
    """

    __slots__ = ("_alive", "has_beaten")

    def __init__(self) -> None:
        self._alive = self.has_beaten = False

    def begin(self) -> None:
        """Beat, from the next wait on. The signal has a handler."""
        self._alive = self.has_beaten = True

    def beat(self) -> None:
        """It has beaten, or has stopped where a process has become another one."""
        self.has_beaten = self._alive

    def rest(self, wait: Wait, timeout: float | None) -> list[tuple[int, int]]:
        """Call wait(timeout) without beating, which would end it; then go on."""
        self.stop()
        ready = wait(timeout)
        self.start()
        self.has_beaten = False
        return ready

    def start(self) -> None:
        """Beat from now on."""
        if self._alive:
            signal.setitimer(signal.ITIMER_REAL, BEAT, BEAT)

    def stop(self) -> None:
        """Beat no more."""
        if self._alive:
            signal.setitimer(signal.ITIMER_REAL, 0)
