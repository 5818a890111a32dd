"""Random socket programs, and what they see on a kernel: this is how the simulated kernel is held to the real
one.

A program is a list of calls on descriptor numbers, in a process whose descriptors 0, 1 and 2 are taken and
which may open a few more, so numbers, EMFILE and MSG_CTRUNC compare too. A call's result is what it returned,
or the name of its errno. There are three kinds of file: listeners, channels (connected sockets that may carry
descriptors) and sessions (connected sockets whose descriptors may be sent); that keeps descriptors in flight
free of cycles, which only the kernel's garbage collector could end.

Not compared, because the simulated kernel counts plain bytes: how many bytes fill a buffer. `fill` writes
until it would block; from there to a `drain` at the other end, writes to that buffer are not tried.
"""

from __future__ import annotations

import errno
import random
from collections import deque
from select import EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP
from typing import Protocol

__all__ = ["BACKLOG", "EVENTS", "FIRST", "LIMIT", "Call", "Kernel", "Result", "random_program", "run_program"]

#: A call's name and its arguments; a result is what the call returned, or one errno name.
Call = list[object]
Result = list[object]

#: The lowest descriptor that a program may use, and its RLIMIT_NOFILE.
FIRST = 3
LIMIT = 14

#: listen(2)'s backlog: one connection more than this may wait.
BACKLOG = 2

#: The bits that `events` compares.
EVENTS = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLRDHUP

#: One write of `fill`; long, so that the short reads of a program never free one.
_CHUNK = b"z" * 4096

_LISTENER, _CHANNEL, _SESSION = "listener", "channel", "session"


class Kernel(Protocol):
    """System calls; each raises OSError where it fails."""

    def pair(self) -> tuple[int, int]: ...
    def listen(self) -> int: ...
    def connect(self, listener: int) -> int: ...
    def accept(self, listener: int) -> int: ...
    def send(self, descriptor: int, data: bytes, sent: list[int]) -> int: ...
    def read(self, descriptor: int, limit: int) -> bytes: ...
    def receive(self, descriptor: int, limit: int) -> tuple[bytes, list[int], bool]: ...
    def shutdown(self, descriptor: int) -> None: ...
    def close(self, descriptor: int) -> None: ...
    def events(self, descriptor: int) -> int: ...

    def identity(self, descriptor: int) -> int:
        """A number that two descriptors share if they are one file (an inode number)."""


def run_program(kernel: Kernel, program: list[Call]) -> list[Result]:
    """The result of each call, in order."""
    run = _Run(kernel)
    return [run.result(call) for call in program]


class _Run:
    """One run of a program: the kernel, and which file is of what kind and whose peer."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._kinds: dict[int, str] = {}
        self._peers: dict[int, int] = {}
        self._connecting: dict[int, deque[int]] = {}
        self._filled: set[int] = set()

    def result(self, call: Call) -> Result:
        name, *arguments = call
        try:
            result: Result = getattr(self, f"_{name}")(*arguments)
        except OSError as error:
            return [errno.errorcode[error.errno or 0]]
        return result

    def _pair(self, kind: str) -> Result:
        left, right = self._kernel.pair()
        self._connected(self._kernel.identity(left), self._kernel.identity(right), kind)
        return [left, right]

    def _connected(self, left: int, right: int, kind: str) -> None:
        self._kinds[left] = self._kinds[right] = kind
        self._peers[left], self._peers[right] = right, left

    def _listen(self) -> Result:
        listener = self._kernel.listen()
        self._kinds[self._kernel.identity(listener)] = _LISTENER
        self._connecting[self._kernel.identity(listener)] = deque()
        return [listener]

    def _connect(self, listener: int) -> Result:
        if not self._is(listener, _LISTENER):
            return ["not a listener"]
        client = self._kernel.connect(listener)
        self._kinds[self._kernel.identity(client)] = _CHANNEL
        self._connecting[self._kernel.identity(listener)].append(self._kernel.identity(client))
        return [client]

    def _accept(self, listener: int) -> Result:
        if not self._is(listener, _LISTENER):
            return ["not a listener"]
        server = self._kernel.accept(listener)
        client = self._connecting[self._kernel.identity(listener)].popleft()
        self._connected(client, self._kernel.identity(server), _CHANNEL)
        return [server]

    def _send(self, descriptor: int, data: str, sent: list[int]) -> Result:
        if not self._is(descriptor, _CHANNEL, _SESSION) or not all(
            self._is(number, _SESSION) for number in sent
        ):
            return ["not of that kind"]
        if (sent and self._is(descriptor, _SESSION)) or self._kernel.identity(descriptor) in self._filled:
            return ["not tried"]
        return [self._kernel.send(descriptor, data.encode(), sent)]

    def _read(self, descriptor: int, limit: int) -> Result:
        if self._is(descriptor, _LISTENER):
            return ["a listener"]
        return [self._kernel.read(descriptor, limit).decode()]

    def _receive(self, descriptor: int, limit: int) -> Result:
        if self._is(descriptor, _LISTENER):
            return ["a listener"]
        data, descriptors, truncated = self._kernel.receive(descriptor, limit)
        return [data.decode(), descriptors, truncated]

    def _shutdown(self, descriptor: int) -> Result:
        if self._is(descriptor, _LISTENER):
            return ["a listener"]
        self._kernel.shutdown(descriptor)
        return []

    def _close(self, descriptor: int) -> Result:
        self._kernel.close(descriptor)
        return []

    def _events(self, descriptor: int) -> Result:
        return [self._kernel.events(descriptor) & EVENTS]

    def _same(self, left: int, right: int) -> Result:
        return [self._kernel.identity(left) == self._kernel.identity(right)]

    def _fill(self, descriptor: int) -> Result:
        if self._is(descriptor, _LISTENER):
            return ["a listener"]
        sender = self._kernel.identity(descriptor)
        if sender not in self._peers:
            return ["not accepted yet"]
        while True:
            try:
                self._kernel.send(descriptor, _CHUNK, [])
            except BlockingIOError:
                self._filled.add(sender)
                return ["full", self._kernel.events(descriptor) & EVENTS]

    def _drain(self, descriptor: int) -> Result:
        if self._is(descriptor, _LISTENER):
            return ["a listener"]
        drained = b""
        try:
            while data := self._kernel.read(descriptor, len(_CHUNK)):
                drained += data
        except OSError as error:
            end = errno.errorcode[error.errno or 0]
        else:
            end = "end of input"
        self._filled.discard(self._peers.get(self._kernel.identity(descriptor), -1))
        return [drained.replace(b"z", b"").decode(), b"z" in drained, end]

    def _is(self, descriptor: int, *kinds: str) -> bool:
        return self._kinds[self._kernel.identity(descriptor)] in kinds


def random_program(source: random.Random, length: int) -> list[Call]:
    """A program of that many calls behind a short start; it leaves kinds of call out at random."""

    def descriptor() -> int:
        return min(source.randrange(FIRST, LIMIT), source.randrange(FIRST, LIMIT))

    def limit() -> int:
        return source.choice((1, 1, 2, 3, 8, 64))

    def call(name: str) -> Call:
        match name:
            case "pair":
                return ["pair", source.choice((_CHANNEL, _CHANNEL, _SESSION))]
            case "listen":
                return ["listen"]
            case "send":
                data = "abcdefghij"[: source.choice((0, 1, 1, 2, 3, 7))]
                return [
                    "send",
                    descriptor(),
                    data,
                    [descriptor() for _ in range(source.choice((0, 0, 1, 1, 2, 3)))],
                ]
            case "read" | "receive":
                return [name, descriptor(), limit()]
            case "same":
                return ["same", descriptor(), descriptor()]
        return [name, descriptor()]

    weights = {name: weight * source.choice((0, 1, 1, 3)) for name, weight in _WEIGHTS.items()}
    weights["pair"] = max(weights["pair"], 5)
    start: list[Call] = [
        ["pair", _CHANNEL],
        ["listen"],
        ["connect", FIRST + 2],
        ["pair", _SESSION],
        ["accept", FIRST + 2],
    ]
    body = [call(name) for name in source.choices(list(weights), list(weights.values()), k=length)]
    return [*source.sample(start, k=len(start)), *body]


_WEIGHTS = {
    "pair": 6,
    "listen": 3,
    "connect": 5,
    "accept": 5,
    "send": 30,
    "read": 8,
    "receive": 14,
    "shutdown": 2,
    "close": 8,
    "events": 12,
    "fill": 1,
    "drain": 2,
    "same": 3,
}
