"""A client connection on a real AF_UNIX stream socket."""

from __future__ import annotations

import array
import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

from conformance.contract.target import Token
from conformance.targets.sessions import Sessions

__all__ = ["UnixConnection"]

_CHUNK = 65536
_MOST_DESCRIPTORS = 253  # SCM_MAX_FD, what one message can carry
_CONTROL_ROOM = socket.CMSG_SPACE(_MOST_DESCRIPTORS * array.array("i").itemsize)


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
            numbers = array.array("i", [session.fileno() for session in sessions])
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)] if tokens else []
            return self.socket.sendmsg([data], ancillary)

    def receive(self) -> tuple[bytes, list[Token]]:
        data, ancillary, _, _ = self.socket.recvmsg(_CHUNK, _CONTROL_ROOM, socket.MSG_CMSG_CLOEXEC)
        descriptors = [number for _, _, numbers in ancillary for number in array.array("i", numbers)]
        return data, [self._sessions.recognise(descriptor) for descriptor in descriptors]

    def shutdown(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()
