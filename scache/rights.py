"""Descriptors that ride on the bytes of an AF_UNIX stream (SCM_RIGHTS, unix(7)).

`socket.recv_fds` can't be told to set close-on-exec, and importing socket.py would add to the daemon's start.
"""

from __future__ import annotations

import _socket
import sys
from _socket import MSG_CMSG_CLOEXEC, MSG_CTRUNC, SCM_RIGHTS, SOL_SOCKET

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_DESCRIPTORS", "receive", "room_for", "send", "send_one"]

#: The most descriptors that Linux passes in one message (SCM_MAX_FD).
MOST_DESCRIPTORS = 253

_INT = 4  # bytes of a descriptor in a control message


def room_for(count: int) -> int:
    """How large a control buffer takes in so many descriptors; the kernel drops what is beyond."""
    return _socket.CMSG_SPACE(count * _INT)


def send(sink: _socket.socket, data: bytes, descriptors: Sequence[int]) -> int:
    """Send bytes, with these descriptors on the first one; returns how many bytes were taken.

    Raises what sendmsg raises.
    """
    rights = b"".join([descriptor.to_bytes(_INT, sys.byteorder) for descriptor in descriptors])
    return sink.sendmsg((data,), ((SOL_SOCKET, SCM_RIGHTS, rights),) if rights else ())


def send_one(sink: _socket.socket, descriptor: int) -> None:
    """Send one NUL byte that carries a descriptor. Raises what sendmsg raises."""
    sink.sendmsg((b"\0",), ((SOL_SOCKET, SCM_RIGHTS, descriptor.to_bytes(_INT, sys.byteorder)),))


def receive(source: _socket.socket, limit: int, room: int) -> tuple[bytes, list[int], bool]:
    """At most `limit` bytes (none at the end of input), the descriptors that ride on them, close-on-exec, and
    whether the kernel dropped some, for want of `room` (as of room_for) or of a free number.

    Raises what recvmsg raises.
    """
    data, control, flags, _address = source.recvmsg(limit, room, MSG_CMSG_CLOEXEC)
    if len(control) == 1 and len(control[0][2]) == _INT and control[0][:2] == (SOL_SOCKET, SCM_RIGHTS):
        # A shortcut for one descriptor.
        return data, [int.from_bytes(control[0][2], sys.byteorder)], bool(flags & MSG_CTRUNC)
    descriptors = [
        descriptor
        for level, kind, payload in control
        if level == SOL_SOCKET and kind == SCM_RIGHTS
        for descriptor in memoryview(payload[: len(payload) - len(payload) % _INT]).cast("i")
    ]
    return data, descriptors, bool(flags & MSG_CTRUNC)
