"""Log lines on their way out: nobody ever waits for whoever takes them, and none that fails ends the daemon.

Postfix's daemons block while syslogd or the reader of their standard error doesn't read. One client that
causes warnings could so hold up all the others, for as long as that reader stands still.
"""

from __future__ import annotations

import _socket
import os
import select
import stat
from _socket import AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_STREAM

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Destination(Protocol):
        """Who takes lines. descriptor: what becomes writable when there is room again."""

        @property
        def descriptor(self) -> int: ...

        def send(self, line: bytes, /) -> int:
            """Send now; how many bytes were taken. BlockingIOError for no room, OSError for any fault."""


__all__ = ["MOST_HELD", "Outlet", "StandardError"]

#: Lines that wait for room. Those beyond are lost, and counted.
MOST_HELD = 1000

#: The most that a pipe takes whole (pipe(7), PIPE_BUF).
_PIPE_ROOM = 4096


class Outlet:
    """Sends lines to a destination in their order. What it doesn't take waits, up to MOST_HELD lines.

    How many were lost is said once there is room; compose makes a line of that text. Each further line tries
    to send what waits, and so does the event loop that watches `handle`.
    """

    def __init__(self, destination: Destination, compose: Callable[[bytes], bytes]) -> None:
        self._destination = destination
        self._compose = compose
        self._held: list[bytes] = []
        self._lost = 0
        self._epoll: select.epoll | None = None

    @property
    def handle(self) -> int:
        """Readable when what waits can be sent: then call `ready`."""
        if self._epoll is None:
            self._epoll = select.epoll()
        return self._epoll.fileno()

    def write(self, line: bytes) -> None:
        """Send a line, keep it for later, or count it as lost. Neither waits nor raises."""
        self.flush()
        if self._lost or len(self._held) >= MOST_HELD:
            self._lost += 1
        elif self._held:
            self._held.append(line)
        elif rest := self._untaken(line):
            self._held.append(rest)

    def ready(self, _now: int) -> None:
        """There is room (a handler of Server.watch)."""
        if self._epoll is not None:
            self._epoll.poll(0)  # each report is good for one, so that a fault doesn't make the loop spin
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as it is taken now."""
        while self._held:
            if rest := self._untaken(self._held[0]):
                self._held[0] = rest
                return
            self._held.pop(0)
        if self._lost:
            line = self._compose(b"warning: %d lines of this log were lost" % self._lost)
            rest = self._untaken(line)
            if rest != line:
                self._lost = 0
                self._held += [rest] if rest else []

    def close(self) -> None:
        """Try once more, then give up what waits."""
        self.flush()
        if self._epoll is not None:
            self._epoll.close()

    def _untaken(self, line: bytes) -> bytes:
        """Send; what wasn't taken."""
        try:
            return line[self._destination.send(line) :]
        except BlockingIOError:
            self._wait_for_room()
        except OSError:
            pass
        return line

    def _wait_for_room(self) -> None:
        if self._epoll is None:
            return
        descriptor, events = self._destination.descriptor, select.EPOLLOUT | select.EPOLLONESHOT
        try:
            self._epoll.register(descriptor, events)
        except FileExistsError:
            self._epoll.modify(descriptor, events)
        except OSError:
            pass  # nothing that can be waited for: the next line tries


class StandardError:
    """Descriptor 2, as a destination.

    Other processes share its open file, so that can't be made non-blocking: a pipe or a terminal is opened a
    second time, and a socket is told not to wait with each line.
    """

    def __init__(self) -> None:
        self.descriptor = 2
        self.send: Callable[[bytes], int] = self._write
        try:
            mode = os.fstat(2).st_mode
        except OSError:  # closed: what was opened next would be written to
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            return
        if stat.S_ISSOCK(mode):
            self._socket = _socket.socket(AF_UNIX, SOCK_STREAM, 0, os.dup(2))
            self.send = self._send
        elif stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
            try:
                self.descriptor = os.open("/proc/self/fd/2", flags)
            except OSError:  # another user's: then look before each line
                self.send = self._write_if_ready

    def _write(self, line: bytes) -> int:
        return os.write(self.descriptor, line)

    def _send(self, line: bytes) -> int:
        return self._socket.send(line, MSG_DONTWAIT | MSG_NOSIGNAL)

    def _write_if_ready(self, line: bytes) -> int:
        poll = select.poll()
        poll.register(2, select.POLLOUT)
        if not poll.poll(0):
            raise BlockingIOError
        return os.write(2, line[:_PIPE_ROOM])
