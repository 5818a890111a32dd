"""A client's connection, for real: an AF_UNIX stream socket, and descriptors that ride on its bytes."""

from __future__ import annotations

# Not `socket`: see network.py.
import _socket
import os
import sys
from _socket import AF_UNIX, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET

from scache import rights

__all__ = ["UnixStream"]

_INT = 4  # bytes of a user's number in the credentials of a peer
#: Room for one more descriptor than is due, so that an extra one is seen.
_ROOM = rights.room_for(2)


class UnixStream:
    """A client connection on an AF_UNIX stream socket."""

    __slots__ = ("_socket", "handle", "receive", "send")

    def __init__(self, handle: int) -> None:
        self._socket = _socket.socket(AF_UNIX, SOCK_STREAM, 0, handle)
        self._socket.setblocking(False)
        self.handle = handle
        # Without a control buffer the kernel itself drops descriptors that ride on the bytes.
        self.receive = self._socket.recv
        self.send = self._socket.send

    def receive_descriptors(self) -> tuple[bytes, list[int]]:
        """One byte with all descriptors that ride on it, close-on-exec; no byte at the end of input.

        No descriptors at all where the kernel could not hand on every one of them (the table is full).
        """
        data, descriptors, some_dropped = rights.receive(self._socket, 1, _ROOM)
        if some_dropped:
            for descriptor in descriptors:
                os.close(descriptor)
            return data, []
        return data, descriptors

    def send_descriptor(self, descriptor: int) -> None:
        """One NUL byte that carries the descriptor."""
        rights.send_one(self._socket, descriptor)

    def peer_user(self) -> int:
        """The user id of the client, as it was when it connected (SO_PEERCRED)."""
        credentials = self._socket.getsockopt(SOL_SOCKET, SO_PEERCRED, 3 * _INT)
        return int.from_bytes(credentials[_INT : 2 * _INT], sys.byteorder)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
