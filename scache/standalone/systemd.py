"""What systemd wants to hear from a service (sd_notify(3)), and its watchdog."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Self

from scache.errors import UsageError

if TYPE_CHECKING:
    from scache.daemon.server import Server

__all__ = ["Supervisor"]


class Supervisor:
    """The service manager, or nobody: then nothing is said.

    address: its datagram socket; an initial `@` stands for the abstract name space.
    watchdog: seconds within which it wants to hear from us, None where it doesn't care.
    """

    def __init__(self, address: str | None, watchdog: float | None) -> None:
        self._address = address and ("\0" + address[1:] if address.startswith("@") else address)
        self._watchdog = watchdog
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None

    @classmethod
    def from_environment(cls) -> Self:
        """The one that NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID name; UsageError where they err."""
        address = os.environ.pop("NOTIFY_SOCKET", None)
        period = os.environ.pop("WATCHDOG_USEC", None)
        if os.environ.pop("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
            period = None
        if period is not None and not (period.isdecimal() and int(period)):
            raise UsageError(f"WATCHDOG_USEC={period}: not a number of microseconds")
        return cls(address, int(period) / 1e6 if period else None)

    def ready(self) -> None:
        """The service serves, or serves again."""
        self._say("READY=1")

    def reloading(self) -> None:
        """The configuration is being read anew."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service is about to end."""
        self._say("STOPPING=1")

    def watch_over(self, server: Server) -> None:
        """Let the event loop say twice within the watchdog's time that it turns (at most once a second)."""
        if self._watchdog is None:
            return
        pause = max(1, int(self._watchdog / 2))

        def still_alive(_now: int) -> None:
            self._say("WATCHDOG=1")
            server.call_after(pause, still_alive)

        server.call_after(pause, still_alive)

    def _say(self, state: str) -> None:
        if self._socket is not None and self._address:
            try:
                self._socket.sendto(state.encode(), self._address)
            except OSError:
                return  # whether anybody listens is the supervisor's affair, not a reason to fail
