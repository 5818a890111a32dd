"""The processes of a soak besides the daemon: some of clients, and one that uses descriptors up."""

from __future__ import annotations

import resource
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from conformance.benchmark.load.crowd import Crowd
from conformance.soak.client import Client
from conformance.soak.shared import Shared

__all__ = ["Report", "press", "work"]

_LOOK = 0.05  # seconds between two looks of who uses descriptors up


@dataclass(slots=True)
class Report:
    """What the clients of a process met. cached: sessions that they know to be in the cache."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    cached: int = 0

    def __add__(self, other: Report) -> Report:
        return Report(
            self.counts + other.counts,
            self.wrong + other.wrong,
            self.lost + other.lost,
            self.cached + other.cached,
        )


def work(numbers: range, path: str, shared: Shared, boss: Connection) -> None:
    """Be a process of the clients with these numbers. The boss says "report", or a pause in seconds, or
    "end", after which everything is found, and the last report sent.
    """
    _raise_file_limit()
    counts: Counter[str] = Counter()
    clients = [Client(number, path, shared, counts) for number in numbers]
    crowd = Crowd(clients)
    while not crowd.is_over:
        crowd.turn(0.1)
        if boss.poll():
            said = boss.recv()
            if said == "report":
                boss.send(_report(counts, clients))
            for client in clients:
                client.ending = said == "end"
                client.pause = said if isinstance(said, float) else client.pause
    boss.send(_report(counts, clients))


def _report(counts: Counter[str], clients: list[Client]) -> Report:
    books = [client.book for client in clients]
    for book in books:
        book.forget_closed()
    return Report(
        counts,
        [text for book in books for text in book.wrong],
        sum(book.lost for book in books),
        sum(book.count() for book in books),
    )


def press(count: int, path: str, shared: Shared) -> None:
    """Be a process that connects so often while descriptors are to be used up, and asks for nothing."""
    _raise_file_limit()
    idle: list[socket.socket] = []
    while True:
        time.sleep(_LOOK)
        idle = [each for each in idle if not _has_ended(each)]
        while shared.pressing.value and len(idle) < count:
            idle.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK))
            try:
                idle[-1].connect(path)
            except OSError:  # there is no room in the queue just now
                idle.pop().close()
                break
        if idle and not shared.pressing.value:
            while idle:
                idle.pop().close()


def _has_ended(connection: socket.socket) -> bool:
    """Whether the daemon has closed it, as at a reload; reads the announcement, if it is there."""
    try:
        ended = connection.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        ended = True
    if ended:
        connection.close()
    return ended


def _raise_file_limit() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
