"""What clients that misbehave cost the well-behaved ones beside them."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from conformance.benchmark.measure.comparison import Turn, loaded, measure_turn
from conformance.benchmark.measure.daemons import Contestant, RunningDaemon
from conformance.benchmark.measure.process import cpu_time
from scache.errors import RemoteError

__all__ = ["MISCHIEF", "Beside", "measure_hostile"]

CLIENTS = 4
"""The well-behaved ones."""
PATIENCE = 1.0
"""Seconds that one that misbehaves waits for its connection."""
QUIET = 0.02
"""Seconds without any CPU after which a daemon is at rest."""
LONGEST_REST = 10.0
CHUNK = 4096
HALF_A_REQUEST = b"request\0save_endp\0ttl\0"
REQUEST = b"request\0find_endp\0label\0smtp\n127.0.0.3\n25\n0\n\0\0"


@dataclass(frozen=True, slots=True)
class Beside:
    """Turns of the well-behaved clients, without and beside those that misbehave, alternating.

    No turns beside them where they keep everybody waiting for seconds.
    """

    without: list[Turn]
    beside: list[Turn]


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


MISCHIEF: dict[str, Callable[[str, int], Iterator[None]]] = {
    "stop halfway": stop_halfway,
    "never read": never_read,
    "stream NULs": stream_nuls,
    "come and go": come_and_go,
}


def _misbehave(
    mischief: Callable[[str, int], Iterator[None]], path: str, count: int, started: Connection
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    acting = mischief(path, count)
    next(acting)
    started.send(None)
    for _ in acting:
        pass


@contextlib.contextmanager
def misbehaving(mischief: Callable[[str, int], Iterator[None]], path: Path, count: int) -> Iterator[None]:
    """So many clients misbehave, all in one process, so that they take at most one processor."""
    context = multiprocessing.get_context("fork")
    started, theirs = context.Pipe()
    process = context.Process(target=_misbehave, args=(mischief, str(path), count, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        started.recv()
        yield
    finally:
        process.kill()
        process.join()
        started.close()


def _come_to_rest(daemon: RunningDaemon) -> None:
    """Wait until the daemon has done with what those who have gone sent last."""
    patience = time.monotonic() + LONGEST_REST
    used = -1.0
    while used != cpu_time(daemon.pid).total and time.monotonic() < patience:
        used = cpu_time(daemon.pid).total
        time.sleep(QUIET)
        daemon.child.drain()


def measure_hostile(
    contestant: Contestant, command: list[str], kind: str, count: int, turns: int, seconds: float
) -> Beside:
    """Load the daemon without and beside so many clients of this kind of mischief in turn."""
    result = Beside([], [])
    with loaded(contestant, command, 0) as under_load:
        daemon, generator = under_load.daemon, under_load.generator
        generator.open_clients(CLIENTS)
        for _ in range(turns):
            _come_to_rest(daemon)
            result.without.append(measure_turn(daemon, generator, seconds))
            with misbehaving(MISCHIEF[kind], daemon.socket_path, count):
                try:
                    result.beside.append(measure_turn(daemon, generator, seconds))
                except RemoteError:
                    return Beside(result.without, [])
    return result
