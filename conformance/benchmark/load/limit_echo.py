"""The least that a Python server could do: the benchmark's messages without checks, cache, expiry or log.

Run as a daemon by `benchmark`, on the listening socket that is descriptor 6. It knows the messages of
the load generator and no others: each client has one session at a time, which its next find_dest takes.
"""

from __future__ import annotations

import array
import os
import select
import socket
import sys

__all__ = ["Client", "main"]

LISTENER = 6
ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"
DUMMY = b"dummy\0\0\0"
OK = b"status\x000\0\0"
MISS = b"status\x002\0property\0\0\0"
CONTROL_ROOM = socket.CMSG_SPACE(array.array("i").itemsize)


class Client:
    """One client, and the one session that it has saved."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.destination_property = self.endpoint_property = b""
        self.session = -1
        self.awaits = b""
        """What is due: a save's "descriptor", a hit's "dummy", or nothing."""

    def serve(self) -> None:
        """Answer what has come in."""
        if self.awaits == b"descriptor":
            self.receive_session()
            return
        data = self.connection.recv(4096)
        if self.awaits == b"dummy":
            self.send_session()
        elif data != DUMMY:
            self.answer(data.removeprefix(DUMMY).split(b"\0"))

    def answer(self, words: list[bytes]) -> None:
        """Answer a request, split at its NULs."""
        request = words[1]
        if request == b"save_dest":
            self.destination_property = words[7]
            self.connection.send(OK)
        elif request == b"save_endp":
            self.endpoint_property = words[7]
            self.awaits = b"descriptor"
            self.connection.send(DUMMY)
        elif request == b"find_dest":
            self.awaits = b"dummy"
            self.connection.send(
                b"status\x000\0property\0%b\0property\0%b\0\0"
                % (self.destination_property, self.endpoint_property)
            )
        else:
            self.connection.send(MISS)

    def receive_session(self) -> None:
        self.drop_session()
        ancillary = self.connection.recvmsg(1, CONTROL_ROOM, socket.MSG_CMSG_CLOEXEC)[1]
        self.session = int.from_bytes(ancillary[0][2], sys.byteorder)
        self.awaits = b""
        self.connection.send(OK)

    def send_session(self) -> None:
        rights = self.session.to_bytes(4, sys.byteorder)
        self.connection.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        self.drop_session()
        self.awaits = b""

    def drop_session(self) -> None:
        """Close the session, if there is one."""
        if self.session >= 0:
            os.close(self.session)
            self.session = -1


def main() -> None:
    """Serve until killed."""
    listener = socket.socket(fileno=LISTENER)
    listener.setblocking(True)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    clients: dict[int, Client] = {}
    while True:
        for descriptor, events in epoll.poll():
            if descriptor == LISTENER:
                connection, _ = listener.accept()
                connection.send(ANNOUNCEMENT)
                clients[connection.fileno()] = Client(connection)
                epoll.register(connection, select.EPOLLIN)
            elif events & select.EPOLLHUP:
                client = clients.pop(descriptor)
                client.drop_session()
                client.connection.close()
            else:
                clients[descriptor].serve()


if __name__ == "__main__":
    main()
