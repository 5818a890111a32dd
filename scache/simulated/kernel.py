"""Open files and AF_UNIX stream sockets in memory, after Linux's net/unix/af_unix.c.

What is kept of the kernel, because a scache can be broken by it:

- bytes stay in order, and one read may return the bytes of several writes;
- descriptors ride on the first byte of their write; a read stops behind a write that carried descriptors, and
  a read that doesn't ask for descriptors closes them;
- buffers are bounded, so a write may be partial or would block;
- a half-closed socket still answers; writing to a socket whose peer is gone is EPIPE; closing a socket with
  unread bytes gives its peer ECONNRESET, once, behind whatever it can still read;
- a descriptor is the lowest free number below the table's limit; accept without a free number is EMFILE, even
  when nobody is waiting; descriptors that don't fit are dropped on receipt (MSG_CTRUNC).

What is not: buffers are counted in bytes (Linux adds an overhead for each write), a write is never split
because of its size alone, and there is no limit on descriptors in flight.

A client of the simulation holds open files themselves; a process under test holds numbers in a
DescriptorTable.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP

__all__ = ["DEFAULT_CAPACITY", "Listener", "OpenFile", "StreamSocket", "kernel_error", "socket_pair"]

#: Bytes that a socket takes in before its reader reads: net.core.wmem_default of a stock Linux.
DEFAULT_CAPACITY = 212_992

#: Linux calls a socket writable again when three quarters of its buffer are free.
_WRITABLE_SHARE = 4


def kernel_error(number: int) -> OSError:
    """The exception of that errno, of Python's own class for it."""
    return OSError(number, os.strerror(number))


class OpenFile:
    """An open file description. It lives as long as a table, a client or a message in flight refers to it.

    `ready` and `handle` are set by whoever waits for events: on each change that can raise an event, the file
    puts itself there under its handle.
    """

    __slots__ = ("handle", "ready", "references")

    def __init__(self) -> None:
        self.references = 1
        self.ready: dict[int, OpenFile] | None = None
        self.handle = -1

    @property
    def is_open(self) -> bool:
        """Whether anybody refers to it, messages in flight included."""
        return self.references > 0

    def hold(self) -> None:
        """Add a reference, as dup(2) and sending it do."""
        if self.references <= 0:
            raise kernel_error(errno.EBADF)
        self.references += 1

    def release(self) -> None:
        """Drop a reference, as close(2) does. The last one closes the file. Raises OSError (EBADF) after
        that.
        """
        if self.references <= 0:
            raise kernel_error(errno.EBADF)
        self.references -= 1
        if self.references == 0:
            if self.ready is not None:
                self.ready.pop(self.handle, None)
                self.ready = None
            self._last_reference_gone()

    def events(self) -> int:
        """The epoll bits that hold now."""
        raise NotImplementedError

    def _last_reference_gone(self) -> None:
        raise NotImplementedError

    def _changed(self) -> None:
        if self.ready is not None:
            self.ready[self.handle] = self


class StreamSocket(OpenFile):
    """One end of a connected AF_UNIX stream; never blocks. Made by `socket_pair` and `Listener.connect`."""

    __slots__ = ("capacity", "incoming", "input_ended", "output_ended", "peer", "reset", "unread")

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self.peer = self
        #: Bytes that this end may have under way to its peer.
        self.capacity = capacity
        self.incoming: deque[tuple[bytes, tuple[OpenFile, ...]]] = deque()
        self.unread = 0
        self.input_ended = False
        self.output_ended = False
        self.reset = False

    def send(self, data: bytes, files: tuple[OpenFile, ...] = ()) -> int:
        """Send what there is room for, with these files riding on the first byte; return how many bytes.

        Raises BrokenPipeError when this end is shut down or the peer is gone, BlockingIOError when there is
        no room.
        """
        if self.output_ended:
            raise kernel_error(errno.EPIPE)
        if not data:
            return 0
        peer = self.peer
        room = self.capacity - peer.unread
        if room < len(data):
            if room <= 0:
                raise kernel_error(errno.EAGAIN)
            data = data[:room]
        for file in files:
            file.hold()
        peer.incoming.append((data, files))
        peer.unread += len(data)
        if peer.ready is not None:
            peer.ready[peer.handle] = peer
        return len(data)

    def receive_message(self, limit: int) -> tuple[bytes, tuple[OpenFile, ...]]:
        """Read at most `limit` (> 0) bytes and the files that ride on them, whose references pass to the
        caller.

        Returns b"" at the end of input. Raises BlockingIOError when nothing is there, ConnectionResetError
        once when the peer closed without reading everything.
        """
        incoming = self.incoming
        if not incoming:
            return self._nothing_to_read(), ()
        was_full = self.unread * _WRITABLE_SHARE > self.peer.capacity
        data, files = incoming.popleft()
        if len(data) > limit:
            incoming.appendleft((data[limit:], ()))
            data = data[:limit]
        elif incoming and not files and len(data) < limit:
            data, files = self._glue(data, limit)
        self.unread -= len(data)
        if was_full:
            self.peer._changed()
        return data, files

    def receive(self, limit: int) -> bytes:
        """Read as `receive_message` does, but close the files that ride on the bytes, as read(2) does."""
        data, files = self.receive_message(limit)
        for file in files:
            file.release()
        return data

    def shutdown(self) -> None:
        """Half-close: the peer reads the end of input behind what was sent (SHUT_WR)."""
        self.output_ended = True
        self.peer.input_ended = True
        self._changed()
        self.peer._changed()

    def events(self) -> int:
        bits = 0
        if self.incoming:
            bits = EPOLLIN
        if self.input_ended:
            bits |= EPOLLIN | EPOLLRDHUP
            if self.output_ended:
                bits |= EPOLLHUP
        if self.reset:
            bits |= EPOLLERR
        if self.peer.unread * _WRITABLE_SHARE <= self.capacity:
            bits |= EPOLLOUT
        return bits

    def _glue(self, data: bytes, limit: int) -> tuple[bytes, tuple[OpenFile, ...]]:
        """Read on behind `data` up to the limit, or to the end of a write that carried files."""
        incoming = self.incoming
        pieces = [data]
        room = limit - len(data)
        files: tuple[OpenFile, ...] = ()
        while incoming and room and not files:
            data, files = incoming.popleft()
            if len(data) > room:
                incoming.appendleft((data[room:], ()))
                data = data[:room]
            pieces.append(data)
            room -= len(data)
        return b"".join(pieces), files

    def _nothing_to_read(self) -> bytes:
        if self.reset:
            self.reset = False
            raise kernel_error(errno.ECONNRESET)
        if self.input_ended:
            return b""
        raise kernel_error(errno.EAGAIN)

    def _last_reference_gone(self) -> None:
        self._disconnect(reset=bool(self.incoming))

    def _disconnect(self, *, reset: bool) -> None:
        """Tell the peer that this end is gone, and close the files that nobody will receive any more."""
        peer = self.peer
        self.input_ended = self.output_ended = True
        peer.input_ended = peer.output_ended = True
        peer.reset = peer.reset or (reset and peer.is_open)
        undelivered = self.incoming
        self.incoming = deque()
        self.unread = 0
        peer._changed()
        for _, files in undelivered:
            for file in files:
                file.release()


def socket_pair(capacity: int = DEFAULT_CAPACITY) -> tuple[StreamSocket, StreamSocket]:
    """Two connected stream sockets, each with room for `capacity` bytes under way."""
    left, right = StreamSocket(capacity), StreamSocket(capacity)
    left.peer, right.peer = right, left
    return left, right


class Listener(OpenFile):
    """A listening AF_UNIX stream socket; `backlog` + 1 connections may wait to be accepted.

    `beside`: the one that was last bound to this one's name with something behind it.
    """

    __slots__ = ("backlog", "beside", "capacity", "waiting")

    def __init__(self, backlog: int = 100, capacity: int = DEFAULT_CAPACITY) -> None:
        super().__init__()
        self.backlog = backlog
        self.capacity = capacity
        self.beside: Listener | None = None
        self.waiting: deque[StreamSocket] = deque()

    def connect(self) -> StreamSocket:
        """A connected client end, at once; the other end waits to be accepted.

        Raises ConnectionRefusedError when the listener is closed, BlockingIOError when too many wait already.
        """
        if not self.is_open:
            raise kernel_error(errno.ECONNREFUSED)
        if len(self.waiting) > self.backlog:
            raise kernel_error(errno.EAGAIN)
        client, server = socket_pair(self.capacity)
        self.waiting.append(server)
        self._changed()
        return client

    def accept(self) -> StreamSocket:
        """The server's end of the oldest connection that waits. Raises BlockingIOError when none does."""
        if not self.waiting:
            raise kernel_error(errno.EAGAIN)
        return self.waiting.popleft()

    def events(self) -> int:
        return EPOLLIN if self.waiting else 0

    def _last_reference_gone(self) -> None:
        while self.waiting:
            self.waiting.popleft()._disconnect(reset=True)
