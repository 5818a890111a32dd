"""A client of a daemon on any kind of connection: real sockets, simulated ones, a model's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from conformance.contract.target import BlockedError, Received, Token

__all__ = ["ClientPeer", "Connection"]


class Connection(Protocol):
    """A client's end of a connection; nothing blocks.

    Where it would, BlockingIOError is raised; ConnectionError where the daemon has closed.
    """

    def send(self, data: bytes, tokens: Sequence[Token]) -> int:
        """Send what there is room for, with a session of each name on its first byte; how many bytes."""

    def receive(self) -> tuple[bytes, list[Token]]:
        """Some of the bytes that are there, with the sessions among them; no bytes at the end."""

    def shutdown(self) -> None:
        """Half-close (SHUT_WR)."""

    def close(self) -> None:
        """Close; may be called twice."""


class ClientPeer:
    """A Peer on a connection; `settle` waits until the daemon has come to rest."""

    def __init__(self, connection: Connection, settle: Callable[[], object]) -> None:
        self._connection = connection
        self._settle = settle
        self._data = bytearray()
        self._tokens: list[Token] = []
        self._end = False

    def send(self, data: bytes, tokens: Sequence[Token] = ()) -> None:
        if tokens and not data:
            raise ValueError("a descriptor rides on a byte, and there is none")
        rest = memoryview(data)
        stuck = False
        while rest:
            try:
                rest = rest[self._connection.send(bytes(rest), tokens) :]
                tokens, stuck = (), False
            except BlockingIOError:
                if stuck:
                    raise BlockedError(
                        f"{len(rest)} of {len(data)} bytes find no room in the socket"
                    ) from None
                self._settle()
                stuck = not self._take()
            except ConnectionError:
                return

    def receive(self) -> Received:
        self._settle()
        # A daemon that was stopped by a full socket goes on as soon as we have read.
        while self._take():
            self._settle()
        received = Received(bytes(self._data), tuple(self._tokens), self._end)
        self._data.clear()
        self._tokens.clear()
        return received

    def shutdown(self) -> None:
        self._connection.shutdown()

    def close(self) -> None:
        self._connection.close()

    def _take(self) -> bool:
        """Read all that is there; tell whether anything was."""
        taken = False
        while not self._end:
            try:
                data, tokens = self._connection.receive()
            except BlockingIOError:
                break
            except ConnectionError:
                data, tokens = b"", []
            taken = True
            self._end = not data
            self._data += data
            self._tokens += tokens
        return taken
