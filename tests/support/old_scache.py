"""A double of an old Postfix's scache, for what the bench must find out about one.

It lets the client speak first, serves one client at a time, blocking in the middle of a message, logs by
syslog(3) alone, and takes the first of several descriptors (`--refuse-several`: it doesn't, as from 2.7 on).
"""

from __future__ import annotations

import os
import select
import socket
import sys
import syslog

DUMMY = b"dummy\0\0\0"
LISTENER, STATUS = 6, 5


def main() -> None:
    """Serve until the master is gone."""
    if any("{" in word for word in sys.argv):
        sys.exit(1)
    # A connection of its own, so that no time-out of the library's gets in between.
    syslog.openlog("postfix/scache", syslog.LOG_PID | syslog.LOG_NDELAY, syslog.LOG_MAIL)
    listener = socket.socket(fileno=LISTENER)
    clients: dict[int, socket.socket] = {}
    sessions: list[tuple[bytes, int]] = []
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    poll.register(STATUS, select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == STATUS:
                return
            if number == LISTENER:
                client, _ = listener.accept()
                clients[client.fileno()] = client
                poll.register(client, select.EPOLLIN)
            elif not serve(clients[number], sessions):
                poll.unregister(number)
                clients.pop(number).close()


def serve(client: socket.socket, sessions: list[tuple[bytes, int]]) -> bool:
    """One message of a client; whether it goes on."""
    words = read_list(client)
    if words == []:
        syslog.syslog(syslog.LOG_WARNING, "warning: missing attribute request in input from scache socket")
    elif words and words[1] == b"find_endp":
        find(client, sessions)
    elif words and words[1] == b"save_endp":
        save(client, words[-1], sessions)
    return words is not None


def find(client: socket.socket, sessions: list[tuple[bytes, int]]) -> None:
    """find_endp, whatever its label."""
    if not sessions:
        client.sendall(b"status\x002\0property\0\0\0")
        return
    properties, session = sessions.pop(0)
    client.sendall(b"status\x000\0property\0" + properties + b"\0\0")
    if read_list(client) == [b"dummy", b""]:
        socket.send_fds(client, [b"\0"], [session])
        read_list(client)
    os.close(session)


def save(client: socket.socket, properties: bytes, sessions: list[tuple[bytes, int]]) -> None:
    """save_endp."""
    client.sendall(DUMMY)
    _, received, _, _ = socket.recv_fds(client, 1, 16)
    if not received or (len(received) > 1 and "--refuse-several" in sys.argv):
        client.sendall(b"status\x002\0\0")
        return
    sessions.append((properties, received[0]))
    client.sendall(b"status\x000\0\0")


def read_list(client: socket.socket) -> list[bytes] | None:
    """Names and values up to the list's end, blocking; None at the end of input."""
    words: list[bytes] = []
    while True:
        word = b""
        while (byte := receive(client)) != b"\0":
            if not byte:
                return None
            word += byte
        if not word and len(words) % 2 == 0:
            return words
        words.append(word)


def receive(client: socket.socket) -> bytes:
    """The next byte; none where the client has gone, however it went."""
    try:
        return client.recv(1)
    except ConnectionResetError:
        return b""


if __name__ == "__main__":
    main()
