"""The server's network in memory: the simulated kernel behind the same protocol as the real sockets."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLRDHUP

from scache.simulated.descriptors import DescriptorTable
from scache.simulated.kernel import DEFAULT_CAPACITY, Listener, OpenFile, StreamSocket, kernel_error

__all__ = ["SimulatedNetwork", "SimulatedStream"]

#: epoll reports these whether they were asked for or not.
_ALWAYS_REPORTED = EPOLLERR | EPOLLHUP


class SimulatedStream:
    """One accepted connection as the server has it (scache.daemon.interfaces.Stream)."""

    __slots__ = ("_socket", "_table", "handle", "receive", "send")

    def __init__(self, table: DescriptorTable, socket: StreamSocket) -> None:
        self._table = table
        self._socket = socket
        self.handle = table.install(socket)
        self.receive: Callable[[int], bytes] = socket.receive
        self.send: Callable[[bytes], int] = socket.send

    def receive_descriptors(self) -> tuple[bytes, list[int]]:
        """One byte (none at the end of input) with all descriptors that ride on it.

        No descriptors at all where the table had no room for every one of them (MSG_CTRUNC).
        """
        data, files = self._socket.receive_message(1)
        descriptors, truncated = self._table.install_received(files)
        if truncated:
            for descriptor in descriptors:
                self._table.close(descriptor)
            return data, []
        return data, descriptors

    def send_descriptor(self, descriptor: int) -> None:
        """Send one NUL byte that carries the descriptor, which stays open here."""
        self._socket.send(b"\0", (self._table.file(descriptor),))

    def peer_user(self) -> int:
        """The client's user id: there are no users in here."""
        return 0

    def close(self) -> None:
        """Close this end."""
        self._table.close(self.handle)


class SimulatedNetwork:
    """A listening socket, the server's descriptor table and its epoll set (scache.daemon.interfaces.Network).

    capacity: bytes that each end of a connection may have under way.
    descriptor_limit: RLIMIT_NOFILE of the server; 0, 1 and 2 are in use.
    listening: the socket of a server before this one, which passes it on; else a new one.
    """

    def __init__(
        self,
        *,
        capacity: int = DEFAULT_CAPACITY,
        descriptor_limit: int = 1_000_000,
        listening: Listener | None = None,
    ) -> None:
        self.table = DescriptorTable(descriptor_limit)
        self.listening = listening or Listener(capacity=capacity)
        self.listener = self.table.install(self.listening)
        self._meeting: Listener | None = None  # where the next daemon is waited for
        self.meeting_place = -1
        self._interest: dict[int, int] = {}
        self._ready: dict[int, OpenFile] = {}

    def connect(self) -> StreamSocket:
        """A client's end of a new connection.

        Raises ConnectionRefusedError when the server is gone, BlockingIOError when too many clients wait.
        """
        return self.listening.connect()

    def accept(self) -> SimulatedStream:
        """The next client. BlockingIOError where none waits; OSError (EMFILE) without a free descriptor."""
        self.table.check_room()
        return self._stream(self.listening.accept())

    def listen_for_successor(self) -> None:
        """Listen for the next daemon, too, and close the listening socket here: another process has it."""
        self.listening.beside = self._meeting = Listener(0, self.listening.capacity)
        self.meeting_place = self.table.install(self._meeting)
        self.table.close(self.listener)

    def await_successor(self) -> SimulatedStream:
        """The next daemon. BlockingIOError where it isn't there yet."""
        assert self._meeting is not None, "it listens for it already"
        socket = self._meeting.accept()
        self.table.close(self.meeting_place)
        return self._to_successor(socket)

    def has_successor(self) -> bool:
        """Whether the next daemon is there."""
        return self._meeting is not None and bool(self._meeting.waiting)

    def predecessor(self) -> SimulatedStream | None:
        """A connection to the daemon before this one, if it waits to pass on what it has cached."""
        beside, self.listening.beside = self.listening.beside, None
        return self._to_predecessor(beside.connect()) if beside is not None and beside.is_open else None

    def _to_successor(self, socket: StreamSocket) -> SimulatedStream:
        return SimulatedStream(self.table, socket)

    def _to_predecessor(self, socket: StreamSocket) -> SimulatedStream:
        return SimulatedStream(self.table, socket)

    def _stream(self, socket: StreamSocket) -> SimulatedStream:
        return SimulatedStream(self.table, socket)

    def watch(self, handle: int, events: int) -> None:
        """Let `wait` report these events of a handle from now on.

        OSError (EEXIST) where it does already, also of a file that was closed before `unwatch`.
        """
        if handle in self._interest:
            raise kernel_error(errno.EEXIST)
        file = self.table.file(handle)
        file.ready = self._ready
        file.handle = handle
        self._report(file, events)

    def change(self, handle: int, events: int) -> None:
        """Let `wait` report these events of a watched handle instead.

        OSError (ENOENT) where it isn't watched, but for a file that was closed before `unwatch`.
        """
        file = self.table.file(handle)
        if file.ready is not self._ready:
            raise kernel_error(errno.ENOENT)
        self._report(file, events)

    def _report(self, file: OpenFile, events: int) -> None:
        self._interest[file.handle] = events | _ALWAYS_REPORTED
        self._ready[file.handle] = file

    def unwatch(self, handle: int) -> None:
        """Forget a handle; to be called before it is closed."""
        del self._interest[handle]
        self._ready.pop(handle, None)
        self.table.file(handle).ready = None

    def wait(self, timeout: float | None) -> list[tuple[int, int]]:  # noqa: ARG002 (no time passes in here)
        """Handles with events, oldest change first; returns at once, as time moves only from outside."""
        ready = self._ready
        interest = self._interest
        reported: list[tuple[int, int]] = []
        for handle, file in list(ready.items()):
            bits = file.events() & interest[handle]
            if bits:
                reported.append((handle, bits))
            else:
                del ready[handle]
        return reported

    def is_ready(self) -> bool:
        """Whether `wait` would report anything."""
        interest = self._interest
        return any(file.events() & interest[handle] for handle, file in self._ready.items())

    def close(self, descriptor: int) -> None:
        """Close a descriptor of the server. Raises OSError (EBADF) when it isn't open."""
        self.table.close(descriptor)

    def release(self, descriptor: int) -> None:
        """Close a descriptor that was sent to a client."""
        self.close(descriptor)

    def is_connection(self, descriptor: int) -> bool:
        """Whether it is a connected stream socket."""
        return isinstance(self.table.file(descriptor), StreamSocket)

    def hung_up(self, descriptor: int) -> bool:
        """Whether the remote side of a session has closed it, or the connection is broken."""
        return bool(self.table.file(descriptor).events() & (EPOLLRDHUP | _ALWAYS_REPORTED))

    def readable(self, descriptor: int) -> bool:
        """Whether the remote side of a session has closed it, or has sent something."""
        return bool(self.table.file(descriptor).events() & (EPOLLIN | _ALWAYS_REPORTED))

    def tell(self, descriptor: int, data: bytes) -> bool:
        """Send last words to the remote side of a session, if it takes them at once, and the end of input;
        whether it did.
        """
        session = self.table.file(descriptor)
        if not isinstance(session, StreamSocket):
            return False
        try:
            session.send(data)
            session.shutdown()
        except OSError:
            return False
        return True

    def drain(self, descriptor: int) -> None:
        """Read what the remote side of a session has sent, and throw it away."""
        session = self.table.file(descriptor)
        if isinstance(session, StreamSocket):
            with suppress(OSError):
                session.receive(4096)
