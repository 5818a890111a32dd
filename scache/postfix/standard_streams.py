"""-S: one client on standard input and output, as a super-server or a person in a shell connects it."""

from __future__ import annotations

import _socket
import os
import select
import stat
from _socket import AF_UNIX, SOCK_STREAM

from scache.cache.service import Service
from scache.checking import TYPE_CHECKING
from scache.daemon.budget import ClientMemory
from scache.daemon.clock import Moment
from scache.daemon.connection import Connection
from scache.daemon.network import UnixNetwork
from scache.daemon.sessions import CachedSessions
from scache.daemon.stream import UnixStream
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.cache.observer import Observer
    from scache.config.settings import Settings
    from scache.daemon.interfaces import Clock

__all__ = ["serve_standard_streams"]


def serve_standard_streams(
    settings: Settings, clock: Clock, log: Callable[[str], None], observer: Observer | None
) -> None:
    """Serve the requests that come in at once, then log the statistics. There is no announcement.

    observer: is told what happens in the cache.
    """
    start = int(clock.now())
    network = _Descriptors()
    sessions = CachedSessions(network, settings, lambda: None, lambda _seconds, _handler: None)

    def bound_met(text: str) -> None:
        log(f"warning: {text}")

    service = Service(settings, sessions, bound_met, observer)
    memory = ClientMemory(settings, lambda client, _what: client.drop(int(clock.now())))
    chosen = settings.dialect
    dialect = Dialect(announcement=False, write_wait=chosen.write_wait, read_wait=chosen.read_wait)
    conversation = Conversation(service, dialect, settings.path, settings.message_limit)
    closed: list[int] = []
    stream = _StandardStreams()
    connection = Connection(
        network,
        stream,
        conversation,
        Moment(clock),
        memory,
        lambda _user, text: log(text),
        lambda waiting: waiting.go_on(int(clock.now())),
        lambda handle, _now: closed.append(handle),
    )
    connection.open(start)
    begun = False
    while not closed and (not begun or connection.waiting or stream.has_input()):
        begun = True
        now = int(clock.now())
        connection.ready(now)
    for line in service.take_statistics(clock.text(start)):
        log(line)


class _StandardStreams:
    """Standard input and output as one stream. Descriptors need a socket at standard input.

    It is read byte by byte, so that nothing is lost of a request that came in one piece with another.
    """

    handle = 0

    def receive(self, _limit: int) -> bytes:
        """The next byte, none at the end of input."""
        return os.read(0, 1)

    def send(self, data: bytes) -> int:
        """Write to standard output."""
        return os.write(1, data)

    def receive_descriptors(self) -> tuple[bytes, list[int]]:
        """One byte with all descriptors that ride on it; no descriptors where there is no socket."""
        if not stat.S_ISSOCK(os.fstat(0).st_mode):
            return b"\0", []
        return self._socket().receive_descriptors()

    def send_descriptor(self, descriptor: int) -> None:
        """One NUL byte that carries the descriptor, on standard input, as in Postfix."""
        self._socket().send_descriptor(descriptor)

    def peer_user(self) -> int:
        """Whoever started this process."""
        return os.getuid()

    def _socket(self) -> UnixStream:
        stream = UnixStream(os.dup(0))
        os.set_blocking(0, True)  # UnixStream has changed that, for both of them
        return stream

    def close(self) -> None:
        """Nothing to do: the process ends."""

    def has_input(self) -> bool:
        """Whether something, or the end, can be read at once."""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        return bool(poll.poll(0))


class _Descriptors(UnixNetwork):
    """Closes descriptors. Nothing is waited for, so nothing is watched: epoll takes no regular file."""

    def __init__(self) -> None:
        super().__init__(_socket.socket(AF_UNIX, SOCK_STREAM).detach())
        self.watch = self.change = lambda _handle, _events: None
        self.unwatch = lambda _handle: None
