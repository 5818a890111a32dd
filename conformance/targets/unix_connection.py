"""A client connection on a real AF_UNIX stream socket."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

from conformance.contract.target import Token
from conformance.targets.sessions import Sessions
from scache import rights

__all__ = ["UnixConnection"]

_CHUNK = 65536
_ROOM = rights.room_for(rights.MOST_DESCRIPTORS)


class UnixConnection:
    """A Connection to the socket at `path`. Raises OSError where nobody listens there."""

    def __init__(self, path: Path, sessions: Sessions) -> None:
        self._sessions = sessions
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.connect(str(path))
        except OSError:
            self.socket.close()
            raise
        self.socket.setblocking(False)

    def send(self, data: bytes, tokens: Sequence[Token]) -> int:
        with contextlib.ExitStack() as handed_over:
            sessions = [handed_over.enter_context(self._sessions.make(token)) for token in tokens]
            return rights.send(self.socket, data, [session.fileno() for session in sessions])

    def receive(self) -> tuple[bytes, list[Token]]:
        data, descriptors, _dropped = rights.receive(self.socket, _CHUNK, _ROOM)
        return data, [self._sessions.recognise(descriptor) for descriptor in descriptors]

    def shutdown(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()
