"""Where clients come from and what is ready, for real: a listening AF_UNIX socket and epoll. And what is done
to the descriptors of sessions.
"""

from __future__ import annotations

# Not `socket`, `select` and `signal` whole: importing socket.py and its enums takes longer than all the
# daemon's own modules, and the classes of the C module are what it would wrap.
import _socket
import os
import select
from _socket import (
    AF_UNIX,
    MSG_DONTWAIT,
    MSG_NOSIGNAL,
    SHUT_WR,
    SO_LINGER,
    SO_TYPE,
    SOCK_STREAM,
    SOL_SOCKET,
)
from errno import EAGAIN, ETIMEDOUT

from scache.checking import TYPE_CHECKING
from scache.daemon.stream import UnixStream

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["READABLE", "WRITABLE", "UnixNetwork"]

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT

#: How much of a good-bye's answer is read, and what SO_LINGER takes to be off.
_ANSWER = 4096
_NO_LINGERING = bytes(8)


class UnixNetwork:
    """A listening AF_UNIX socket (its descriptor, already bound and listening) and an epoll set."""

    def __init__(self, listener: int) -> None:
        self.listener = listener
        self._listening = _socket.socket(AF_UNIX, SOCK_STREAM, 0, listener)
        self._listening.setblocking(False)
        self._meeting: _socket.socket | None = None  # where the next daemon is waited for
        self._epoll = select.epoll()
        #: Close a session's descriptor that was sent to a client. The socket's options stay as they are: it
        #: is the client's now, and the message under way holds it open.
        self.release: Callable[[int], None] = os.close
        #: Handles with events, once there are some or so many seconds have passed (None: no limit).
        self.wait: Callable[[float | None], list[tuple[int, int]]] = self._epoll.poll
        #: Let `wait` report these events (READABLE | WRITABLE) of a handle from now on; or others of one that
        #: is watched; or none any more, before it is closed.
        self.watch: Callable[[int, int], None] = self._epoll.register
        self.change: Callable[[int, int], None] = self._epoll.modify
        self.unwatch: Callable[[int], None] = self._epoll.unregister

    def accept(self) -> UnixStream:
        """The next client. BlockingIOError where none waits, OSError where descriptors are used up."""
        handle, _address = self._listening._accept()  # type: ignore[attr-defined]  # what socket.accept wraps
        return UnixStream(handle)

    def listen_for_successor(self) -> None:
        """Listen for the next daemon, too: beside the listening socket, where no client waits before it, and
        before that daemon starts. OSError where that can't be done.
        """
        address = self._meeting_place()
        if os.path.lexists(address):
            os.unlink(address)  # of one that was killed
        self._meeting = _socket.socket(AF_UNIX, SOCK_STREAM)
        self._meeting.bind(address)
        self._meeting.listen(0)

    def await_successor(self, patience: float) -> UnixStream:
        """Close the listening socket here, and wait for the next daemon, which whoever else holds that socket
        starts as soon as somebody comes. ConnectionError where nobody holds it, or the next daemon serves and
        doesn't care for this one; TimeoutError where so many seconds have passed.
        """
        assert self._meeting is not None, "it listens for it already"
        address, meeting_place = self._listening.getsockname(), self._meeting_place()
        self._listening.close()
        self._meeting.setblocking(False)
        waiting = select.poll()
        waiting.register(self._meeting, select.POLLIN)
        coming = _socket.socket(AF_UNIX, SOCK_STREAM)
        coming.setblocking(False)
        try:
            failure = coming.connect_ex(address)
            if failure == 0:
                waiting.register(coming, select.POLLIN)
            elif failure != EAGAIN:  # then others come, so many that there is no room for another one
                raise OSError(failure, os.strerror(failure))
            events = dict(waiting.poll(patience * 1000))
            if self._meeting.fileno() not in events:
                raise ConnectionAbortedError if events else TimeoutError(ETIMEDOUT, os.strerror(ETIMEDOUT))
            handle, _address = self._meeting._accept()  # type: ignore[attr-defined]  # as in accept
        except OSError:
            os.unlink(meeting_place)
            raise
        finally:
            coming.close()
            self._meeting.close()
        return UnixStream(handle)

    def predecessor(self) -> UnixStream | None:
        """A connection to the daemon before this one, if it waits to pass on what it has cached."""
        address = self._meeting_place()
        predecessor = _socket.socket(AF_UNIX, SOCK_STREAM)
        predecessor.setblocking(False)  # one whose queue is full doesn't look at it
        try:
            predecessor.connect(address)
            os.unlink(address)  # here: the next to listen there may be this process
        except OSError:
            predecessor.close()
            return None
        return UnixStream(predecessor.detach())

    def _meeting_place(self) -> str:
        return f"{os.fsdecode(self._listening.getsockname())}.handover"

    def is_connection(self, descriptor: int) -> bool:
        """Whether it is a connected stream socket."""
        try:
            session = _socket.socket(AF_UNIX, SOCK_STREAM, 0, descriptor)  # of whatever family it is
        except OSError:
            return False
        try:
            session.getpeername()
            return session.getsockopt(SOL_SOCKET, SO_TYPE) == SOCK_STREAM
        except OSError:
            return False
        finally:
            session.detach()

    def hung_up(self, descriptor: int) -> bool:
        """Whether the remote side of a session has closed it, or the connection is broken."""
        poll = select.poll()
        poll.register(descriptor, select.POLLRDHUP)
        return bool(poll.poll(0))

    def readable(self, descriptor: int) -> bool:
        """Whether the remote side of a session has closed it, or has sent something."""
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def close(self, descriptor: int) -> None:
        """Close a session's descriptor, without waiting for what its socket may still have to send."""
        try:
            session = _socket.socket(AF_UNIX, SOCK_STREAM, 0, descriptor)  # of whatever family it is
        except OSError:
            os.close(descriptor)  # not a socket
            return
        try:
            session.setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGERING)
        except OSError:
            pass  # one that knows no lingering
        finally:
            session.close()

    def tell(self, descriptor: int, data: bytes) -> bool:
        """Send last words to the remote side of a session, if it takes them at once, and the end of input;
        whether it did.
        """
        try:
            session = _socket.socket(AF_UNIX, SOCK_STREAM, 0, descriptor)  # of whatever family it is
        except OSError:
            return False  # not a socket: nobody to talk to
        try:
            session.send(data, MSG_DONTWAIT | MSG_NOSIGNAL)
            session.shutdown(SHUT_WR)
        except OSError:
            return False  # it is about to be closed anyway
        finally:
            session.detach()
        return True

    def drain(self, descriptor: int) -> None:
        """Read what the remote side of a session has sent, and throw it away: else closing it would be an
        error to a remote side that is still at work.
        """
        session = _socket.socket(AF_UNIX, SOCK_STREAM, 0, descriptor)
        try:
            session.recv(_ANSWER, MSG_DONTWAIT)
        except OSError:
            pass  # there is nothing, or nobody any more
        finally:
            session.detach()
