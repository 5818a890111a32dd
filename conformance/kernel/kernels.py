"""The two kernels on which socket programs run: the simulated one, and the real one in a process of its own.

`python -m conformance.kernel.kernels` runs the programs given on standard input (one JSON list a line) on
the real kernel, and answers each with one line of results.
"""

from __future__ import annotations

import array
import itertools
import json
import os
import resource
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.kernel.socket_programs import BACKLOG, EVENTS, FIRST, LIMIT, Call, Result, run_program
from scache.simulated import DescriptorTable, Listener, OpenFile, StreamSocket, socket_pair

__all__ = ["RealKernel", "SimulatedKernel", "run_on_simulated_kernel"]


def run_on_simulated_kernel(program: list[Call]) -> list[Result]:
    """Run the program on a fresh simulated kernel."""
    return run_program(SimulatedKernel(), program)


class SimulatedKernel:
    """System calls on scache.simulated."""

    def __init__(self) -> None:
        self._table = DescriptorTable(LIMIT, FIRST)
        self._numbers: dict[OpenFile, int] = {}

    def pair(self) -> tuple[int, int]:
        left, right = socket_pair()
        first = self._table.install(left)
        try:
            return first, self._table.install(right)
        except OSError:
            self._table.close(first)
            right.release()
            raise

    def listen(self) -> int:
        return self._table.install(Listener(BACKLOG))

    def connect(self, listener: int) -> int:
        self._table.check_room()
        return self._table.install(self._listener(listener).connect())

    def accept(self, listener: int) -> int:
        self._table.check_room()
        return self._table.install(self._listener(listener).accept())

    def send(self, descriptor: int, data: bytes, sent: list[int]) -> int:
        return self._stream(descriptor).send(data, tuple(self._table.file(number) for number in sent))

    def read(self, descriptor: int, limit: int) -> bytes:
        return self._stream(descriptor).receive(limit)

    def receive(self, descriptor: int, limit: int) -> tuple[bytes, list[int], bool]:
        data, files = self._stream(descriptor).receive_message(limit)
        return data, *self._table.install_received(files)

    def shutdown(self, descriptor: int) -> None:
        self._stream(descriptor).shutdown()

    def close(self, descriptor: int) -> None:
        self._table.close(descriptor)

    def events(self, descriptor: int) -> int:
        return self._table.file(descriptor).events()

    def identity(self, descriptor: int) -> int:
        return self._numbers.setdefault(self._table.file(descriptor), len(self._numbers))

    def _stream(self, descriptor: int) -> StreamSocket:
        file = self._table.file(descriptor)
        assert isinstance(file, StreamSocket)
        return file

    def _listener(self, descriptor: int) -> Listener:
        file = self._table.file(descriptor)
        assert isinstance(file, Listener)
        return file


class RealKernel:
    """System calls on this process's kernel; the process has no descriptor but 0, 1 and 2 and those made
    here.
    """

    _names = itertools.count()

    def pair(self) -> tuple[int, int]:
        left, right = socket.socketpair()
        for end in (left, right):
            end.setblocking(False)
        return left.detach(), right.detach()

    def listen(self) -> int:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"\0scache-socket-programs-{os.getpid()}-{next(self._names)}")
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return listener.detach()

    def connect(self, listener: int) -> int:
        with _borrowed(listener) as borrowed:
            address = borrowed.getsockname()
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            client.connect(address)
            return client.detach()

    def accept(self, listener: int) -> int:
        with _borrowed(listener) as borrowed:
            server, _ = borrowed.accept()
        server.setblocking(False)
        return server.detach()

    def send(self, descriptor: int, data: bytes, sent: list[int]) -> int:
        with _borrowed(descriptor) as borrowed:
            if not sent:
                return borrowed.send(data)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", sent))
            return borrowed.sendmsg([data], [rights])

    def read(self, descriptor: int, limit: int) -> bytes:
        return os.read(descriptor, limit)

    def receive(self, descriptor: int, limit: int) -> tuple[bytes, list[int], bool]:
        descriptors = array.array("i")
        with _borrowed(descriptor) as borrowed:
            data, ancillary, flags, _ = borrowed.recvmsg(limit, socket.CMSG_SPACE(16 * descriptors.itemsize))
        for _, _, rights in ancillary:
            descriptors.frombytes(rights[: len(rights) - len(rights) % descriptors.itemsize])
        return data, descriptors.tolist(), bool(flags & socket.MSG_CTRUNC)

    def shutdown(self, descriptor: int) -> None:
        with _borrowed(descriptor) as borrowed:
            borrowed.shutdown(socket.SHUT_WR)

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def events(self, descriptor: int) -> int:
        os.fstat(descriptor)
        poll = select.poll()
        poll.register(descriptor, EVENTS)
        return sum(bits for _, bits in poll.poll(0))

    def identity(self, descriptor: int) -> int:
        return os.fstat(descriptor).st_ino


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """The descriptor as a socket object that doesn't own it."""
    borrowed = socket.socket(fileno=descriptor)
    try:
        yield borrowed
    finally:
        borrowed.detach()


def _main() -> None:
    os.closerange(FIRST, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    for line in sys.stdin:
        results = run_program(RealKernel(), json.loads(line))
        os.closerange(FIRST, LIMIT)
        sys.stdout.write(json.dumps(results) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
