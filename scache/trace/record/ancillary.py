"""Bytes with descriptors on AF_UNIX sockets. (socket.recv_fds can't be told to set close-on-exec.)"""

from __future__ import annotations

import array
import socket
from collections.abc import Sequence

__all__ = ["MOST_DESCRIPTORS", "receive_with_descriptors", "send_with_descriptors"]

#: The most descriptors that Linux passes in one message (SCM_MAX_FD).
MOST_DESCRIPTORS = 253

_SPACE = socket.CMSG_SPACE(MOST_DESCRIPTORS * array.array("i").itemsize)


def receive_with_descriptors(source: socket.socket, limit: int) -> tuple[bytes, list[int], bool]:
    """At most `limit` bytes, the descriptors that ride on them, and whether the kernel dropped some.

    No bytes at the end of input. Raises what recvmsg raises.
    """
    data, ancillary, flags, _ = source.recvmsg(limit, _SPACE, socket.MSG_CMSG_CLOEXEC)
    found = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % found.itemsize])
    return data, found.tolist(), bool(flags & socket.MSG_CTRUNC)


def send_with_descriptors(sink: socket.socket, data: bytes, descriptors: Sequence[int]) -> int:
    """Send; returns how many bytes were taken, with them all descriptors. Raises what sendmsg raises."""
    if not descriptors:
        return sink.send(data)
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors).tobytes())
    return sink.sendmsg([data], [rights])
