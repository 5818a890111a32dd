"""One connection of a client, driven by whoever waits for it: each call yields what it waits for."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Generator
from contextlib import suppress
from typing import TypeVar

from conformance.contract.wire import ANNOUNCEMENT, DUMMY, OK, request_bytes

__all__ = ["READ", "WRITE", "Cut", "Talk", "Waiting"]

READ, WRITE = select.EPOLLIN, select.EPOLLOUT

_Result = TypeVar("_Result")

#: Yields the events that its socket has to have, or seconds to wait for.
Waiting = Generator[int | float, None, _Result]

_RETRY = 0.05  # seconds until somebody who finds the queue full comes again


class Cut(Exception):
    """The other side has closed the connection."""


class Talk:
    """A client's connection. Raises Cut wherever the daemon closes it, ValueError for an answer that no
    scache gives.
    """

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    def connect(self, path: str) -> Waiting[None]:
        """Connect, and wait until the daemon speaks."""
        while True:
            try:
                self.socket.connect(path)
                break
            except BlockingIOError:
                yield _RETRY
        yield from self.expect(ANNOUNCEMENT)

    def send(self, data: bytes) -> Waiting[None]:
        while data:
            try:
                data = data[self.socket.send(data, socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                yield WRITE
            except ConnectionError as error:
                raise Cut from error

    def expect(self, *answers: bytes) -> Waiting[bytes]:
        """Read one of these answers."""
        got = b""
        while got not in answers:
            more, _files = yield from self._receive(4096)
            got += more
            if not any(answer.startswith(got) for answer in answers):
                raise ValueError(f"the answer is {got!r}")
        return got

    def save_endp(self, ttl: int, label: bytes, prop: bytes) -> Waiting[None]:
        """Ask for the descriptor to be taken; `give` is next."""
        yield from self.send(request_bytes("save_endp", ttl, label, prop))
        yield from self.expect(DUMMY)

    def give(self, descriptors: list[int]) -> Waiting[None]:
        """The byte with the descriptor; the answer is next."""
        while True:
            try:
                socket.send_fds(self.socket, [b"\0"], descriptors)
                return
            except BlockingIOError:
                yield WRITE
            except ConnectionError as error:
                raise Cut from error

    def find(self, kind: str, label: bytes) -> Waiting[list[bytes] | None]:
        """The properties, where something is found, else None; `take` is next."""
        yield from self.send(request_bytes(kind, label))
        reply = b""
        parts = 2 if kind == "find_endp" else 3  # attributes
        while reply.count(b"\0") < 2 * parts + 1:
            more, _files = yield from self._receive(4096)
            reply += more
        status, *properties = reply.split(b"\0")[1 : 2 * parts : 2]
        if status == b"2" and not any(properties):
            return None
        if status != b"0" or not reply.startswith(OK[:-1]):
            raise ValueError(f"the answer is {reply!r}")
        return properties

    def take(self) -> Waiting[int]:
        """The descriptor that was found."""
        with suppress(Cut):  # it may be there all the same
            yield from self.send(DUMMY)
        _byte, files = yield from self._receive(1)
        if len(files) != 1:
            raise ValueError(f"{len(files)} descriptors came")
        with suppress(OSError):  # whoever is gone needs none
            self.socket.send(DUMMY, socket.MSG_NOSIGNAL)
        return files[0]

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def _receive(self, limit: int) -> Waiting[tuple[bytes, list[int]]]:
        while True:
            try:
                data, files, _flags, _address = socket.recv_fds(self.socket, limit, 2)
            except BlockingIOError:
                yield READ
            except ConnectionError as error:
                raise Cut from error
            else:
                if not data:
                    raise Cut
                for file in files:
                    os.set_inheritable(file, False)
                return data, files
