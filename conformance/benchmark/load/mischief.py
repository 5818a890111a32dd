"""What clients do that misbehave: each kind takes a socket's path and how many do so, and goes on for ever.

What they do before the first yield comes before those beside them begin.
"""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from itertools import count as numbers

from conformance.benchmark.load.crowd import Crowd
from conformance.benchmark.load.talk import Cut, Talk, Waiting
from conformance.contract.wire import FAIL, OK, request_bytes

__all__ = ["MISCHIEF"]

PATIENCE = 1.0
"""Seconds that one that misbehaves waits for its connection."""
CHUNK = 4096
MEGABYTE = 1 << 20
TTL = 1000
LOOK = 0.1
SAVING = 8
"""Of those who ask for a megabyte, how many save one at a time: more of them would be unfinished messages."""
HALF_A_REQUEST = b"request\0save_endp\0ttl\0"
REQUEST = b"request\0find_endp\0label\0smtp\n127.0.0.3\n25\n0\n\0\0"


def _connect(path: str, count: int) -> list[socket.socket]:
    """So many connections, or as many as the daemon lets come."""
    clients = []
    for _ in range(count):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        try:
            client.connect(path)
        except OSError:
            client.close()
            break
        client.setblocking(False)
        clients.append(client)
    return clients


def _flood(path: str, count: int, data: bytes, *, reads: bool) -> Iterator[None]:
    """Write this whenever the daemon takes it, and read what it answers, or don't; for ever."""
    poll = select.epoll()
    clients = {}
    events = select.EPOLLOUT | (select.EPOLLIN if reads else 0)
    for client in _connect(path, count):
        clients[client.fileno()] = client
        poll.register(client, events)
    while True:
        yield
        for handle, ready in poll.poll():
            try:
                if ready & select.EPOLLIN and not clients[handle].recv(CHUNK):
                    raise ConnectionError
                if ready & select.EPOLLOUT:
                    clients[handle].send(data)
                elif ready & (select.EPOLLHUP | select.EPOLLERR):
                    raise ConnectionError
            except BlockingIOError:
                continue
            except ConnectionError:  # the daemon has closed it: the next one
                clients.pop(handle).close()
                for client in _connect(path, 1):
                    clients[client.fileno()] = client
                    poll.register(client, events)


def stream_nuls(path: str, count: int) -> Iterator[None]:
    """Each NUL is an empty name, which ends a scan with a warning."""
    return _flood(path, count, b"\0" * CHUNK, reads=True)


def never_read(path: str, count: int) -> Iterator[None]:
    """Requests without end, whose answers nobody reads."""
    return _flood(path, count, REQUEST * (CHUNK // len(REQUEST)), reads=False)


def stop_halfway(path: str, count: int) -> Iterator[None]:
    """Half a request, and then nothing more."""
    clients = _connect(path, count)
    for client in clients:
        client.send(HALF_A_REQUEST)
    while True:
        yield
        signal.pause()


def come_and_go(path: str, count: int) -> Iterator[None]:
    """Connect and close at once, so many at a time."""
    while True:
        yield
        for client in _connect(path, count):
            client.close()


class _Attacker:
    """One that does the same again whenever the daemon has closed its connection."""

    def __init__(self, path: str, number: int, attack: Callable[[Talk, int], Waiting[None]]) -> None:
        self.talk = Talk()
        self._path = path
        self._number = number
        self._attack = attack

    def live(self) -> Waiting[None]:
        while True:
            with closing(self.talk), suppress(Cut):
                yield from self.talk.connect(self._path)
                yield from self._attack(self.talk, self._number)
                yield 0  # which the end of the connection is reported with all the same
            self.talk = Talk()


def _attack(path: str, count: int, attack: Callable[[Talk, int], Waiting[None]]) -> Iterator[None]:
    crowd = Crowd([_Attacker(path, number, attack) for number in range(count)])
    while True:
        yield
        crowd.turn(LOOK)


def _send_a_megabyte(talk: Talk, _number: int) -> Waiting[None]:
    yield from talk.send(b"x" * MEGABYTE)


def _save_megabytes(talk: Talk, _number: int) -> Waiting[None]:
    for serial in numbers():
        name = b"%d" % serial
        yield from talk.send(request_bytes("save_dest", TTL, name, b"x" * (MEGABYTE - CHUNK), name))
        yield from talk.expect(OK, FAIL)


def send_a_megabyte(path: str, count: int) -> Iterator[None]:
    """A megabyte of a message that isn't finished, from each."""
    return _attack(path, count, _send_a_megabyte)


def ask_for_a_megabyte(path: str, count: int) -> Iterator[None]:
    """A session with a property of a megabyte, saved and asked for by each; nobody reads the answer."""
    saving: set[int] = set()

    def ask(talk: Talk, number: int) -> Waiting[None]:
        while len(saving) >= SAVING:
            yield PATIENCE
        label = b"endpoint %d" % number
        saving.add(number)
        try:
            yield from talk.save_endp(TTL, label, b"x" * (MEGABYTE - CHUNK))
            session, remote = socket.socketpair()
            with session, remote:
                yield from talk.give([session.fileno()])
            answer = yield from talk.expect(OK, FAIL)
        finally:
            saving.remove(number)
        if answer == OK:
            yield from talk.send(request_bytes("find_endp", label))

    return _attack(path, count, ask)


def save_megabytes(path: str, _count: int) -> Iterator[None]:
    """One of them saves bindings with properties of a megabyte, whose time to live isn't over soon."""
    return _attack(path, 1, _save_megabytes)


MISCHIEF: dict[str, Callable[[str, int], Iterator[None]]] = {
    "stop halfway": stop_halfway,
    "never read": never_read,
    "stream NULs": stream_nuls,
    "come and go": come_and_go,
    "send a megabyte": send_a_megabyte,
    "ask for a megabyte": ask_for_a_megabyte,
    "save megabytes": save_megabytes,
}
