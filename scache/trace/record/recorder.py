"""A proxy in front of a connection cache: it passes bytes and descriptors both ways and records them."""

from __future__ import annotations

import os
import resource
import select
import socket
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from scache.trace.format.events import UNKNOWN_TOKEN, Event, Kind, Side
from scache.trace.format.tokens import SessionTokens
from scache.trace.record.flow import Flow
from scache.trace.record.recording import Recording

__all__ = ["Recorder"]

#: Descriptors the recorder needs besides those of connections.
OWN_DESCRIPTORS = 32

#: Descriptors set aside for each connection: two sockets, and a session on its way.
DESCRIPTORS_PER_CONNECTION = 3

#: Seconds between two tries to connect while the upstream's queue of connections is full.
RETRY = 0.01

#: Seconds after which recorded events are in the file at the latest.
FLUSH = 1.0

#: Flows that had more to carry than fits into a turn, or were held up, and go on in one turn of the loop.
#: The others of them follow in the next ones, so that clients that stream lock nobody out.
BUSY = 4

_READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Connection:
    """A client, its connection to the upstream, and the two flows between them."""

    def __init__(self, number: int, client: socket.socket) -> None:
        self.number = number
        self.client = client
        self.upstream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.flows: tuple[Flow, ...] = ()

    def close(self) -> None:
        """Close both sockets, and drop what they didn't take."""
        for flow in self.flows:
            flow.abandon()
        self.client.close()
        self.upstream.close()


class Recorder:
    """Accepts on a listening socket and passes each connection on to a socket path, in one event loop.

    Edge-triggered epoll reports sockets in the order in which they became ready, so that the recorded
    replies of different connections keep the order in which the server gave them. What is more than a turn's
    worth, or was held up by a full socket, takes its place in a queue.

    say: is given each line for the operator.
    """

    def __init__(
        self, listener: socket.socket, upstream: Path, recording: Recording, say: Callable[[str], None]
    ) -> None:
        self._upstream_path = upstream
        self._recording = recording
        self._say = say
        self._tokens = SessionTokens()
        self._connections: dict[int, Connection] = {}
        self._by_socket: dict[int, Connection] = {}
        self._unconnected: list[Connection] = []
        self._unfinished: dict[Flow, Connection] = {}
        self._last_number = 0
        self._upstream_was_there = True
        self._accepting = True
        self._was_full = False
        self._room = _room_for_connections()
        self._listener = listener
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll = select.epoll()
        self._epoll.register(self._wake, select.EPOLLIN)
        self._epoll.register(self._listener, select.EPOLLIN)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def stop(self) -> None:
        """Let run() return. May be called from a signal handler or another thread."""
        os.eventfd_write(self._wake, 1)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Pass on and record until stop() is called, or until `until` is true after a turn."""
        while self._turn() and not until():
            pass

    def close(self) -> None:
        """Close all connections. The listening socket is the caller's."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._epoll.close()
        os.close(self._wake)

    def _turn(self) -> bool:
        """Wait, then do what is due; False once stop() was called."""
        going_on = True
        for handle, events in self._epoll.poll(self._timeout()):
            if handle == self._wake:
                os.eventfd_read(self._wake)
                going_on = False
            elif handle == self._listener.fileno():
                self._accept()
            elif connection := self._by_socket.get(handle):
                self._serve(connection, handle, events)
        for flow, connection in list(islice(self._unfinished.items(), BUSY)):
            if self._unfinished.pop(flow, None):  # not where an earlier one has ended its connection
                self._carry(connection, flow)
        for connection in list(self._unconnected):
            self._connect(connection)
        self._recording.keep_up()
        return going_on

    def _timeout(self) -> float:
        if self._unfinished:
            return 0.0
        return RETRY if self._unconnected else FLUSH

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return
        client.setblocking(False)
        self._last_number += 1
        connection = Connection(self._last_number, client)
        self._connections[connection.number] = connection
        self._record(connection, Kind.OPEN, Side.CLIENT)
        self._unconnected.append(connection)
        self._connect(connection)
        if len(self._connections) >= self._room:
            if not self._was_full:
                self._say(f"the limit of open files allows {self._room} clients: others wait")
            self._was_full = True
            self._accepting = False
            self._epoll.unregister(self._listener)

    def _connect(self, connection: Connection) -> None:
        try:
            connection.upstream.connect(str(self._upstream_path))
        except BlockingIOError:
            return  # the upstream's queue is full: a client that came directly would wait as well
        except OSError as error:
            if self._upstream_was_there:
                self._say(f"{self._upstream_path}: {error.strerror}; clients are turned away")
            self._upstream_was_there = False
            self._unconnected.remove(connection)
            self._record(connection, Kind.CLOSE, Side.SERVER)
            self._drop(connection)
            return
        self._upstream_was_there = True
        self._unconnected.remove(connection)
        self._join(connection)

    def _join(self, connection: Connection) -> None:
        def observe(kind: Kind, side: Side, data: bytes, descriptors: Sequence[int]) -> None:
            self._record(connection, kind, side, data, descriptors)

        client, upstream = connection.client, connection.upstream
        connection.flows = (
            Flow(Side.CLIENT, client, upstream, observe),
            Flow(Side.SERVER, upstream, client, observe),
        )
        for end in (client, upstream):
            self._by_socket[end.fileno()] = connection
            self._epoll.register(end, _READABLE | select.EPOLLET)

    def _serve(self, connection: Connection, handle: int, events: int) -> None:
        for flow in connection.flows:
            if flow in self._unfinished:
                continue
            if flow.sink.fileno() == handle and flow.blocked and events & select.EPOLLOUT:
                self._unfinished[flow] = connection
            elif flow.source.fileno() == handle and events & _READABLE and not self._carry(connection, flow):
                return

    def _carry(self, connection: Connection, flow: Flow) -> bool:
        """Let a flow carry; False where that was the end of the connection."""
        was_blocked = flow.blocked
        if flow.carry():
            self._unfinished[flow] = connection
        if flow.lost:
            self._say(
                f"connection {connection.number}: out of descriptors, the kernel dropped some on their way"
            )
            flow.lost = 0
        if flow.ended is Kind.CLOSE and not flow.blocked:
            self._drop(connection)
            return False
        if flow.blocked != was_blocked:
            interest = _READABLE | select.EPOLLET | (select.EPOLLOUT if flow.blocked else 0)
            self._epoll.modify(flow.sink, interest)
        return True

    def _drop(self, connection: Connection) -> None:
        for flow in connection.flows:
            self._unfinished.pop(flow, None)
            del self._by_socket[flow.source.fileno()]
        if connection in self._unconnected:
            self._unconnected.remove(connection)
        del self._connections[connection.number]
        connection.close()
        if not self._accepting:
            self._accepting = True
            self._epoll.register(self._listener, select.EPOLLIN)

    def _record(
        self,
        connection: Connection,
        kind: Kind,
        side: Side,
        data: bytes = b"",
        descriptors: Sequence[int] = (),
    ) -> None:
        tokens = tuple(self._token(side, descriptor) for descriptor in descriptors)
        self._recording.add(Event(self._recording.now(), connection.number, kind, side, data, tokens))

    def _token(self, side: Side, descriptor: int) -> str:
        status = os.fstat(descriptor)
        session = (status.st_dev, status.st_ino)
        if side is Side.CLIENT:
            return self._tokens.token(session)
        return self._tokens.known(session) or UNKNOWN_TOKEN


def _room_for_connections() -> int:
    """Raise the limit of open files as far as allowed; how many connections fit in."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return max(1, (most - OWN_DESCRIPTORS) // DESCRIPTORS_PER_CONNECTION)
