"""One client connection to a daemon that listens on a real AF_UNIX stream socket."""

from __future__ import annotations

import array
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from conformance.target import BlockedError, Received, Token
from conformance.targets.sessions import Sessions

__all__ = ["SocketPeer"]

_CHUNK = 65536
_MOST_DESCRIPTORS = 253  # SCM_MAX_FD, what one message can carry
_INT = array.array("i").itemsize


class SocketPeer:
    """A Peer on a real socket; `settle` waits until the daemon has come to rest."""

    def __init__(self, path: Path, sessions: Sessions, settle: Callable[[], object]) -> None:
        self._sessions = sessions
        self._settle = settle
        self._data = bytearray()
        self._tokens: list[Token] = []
        self._end = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)

    def send(self, data: bytes, tokens: Sequence[Token] = ()) -> None:
        if tokens and not data:
            raise ValueError("a descriptor rides on a byte, and there is none")
        sessions = [self._sessions.make(token) for token in tokens]
        numbers = array.array("i", [session.fileno() for session in sessions])
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)] if tokens else []
        try:
            self._send_all(data, ancillary)
        finally:
            for session in sessions:
                session.close()

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
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._take()
        self._socket.close()

    def _send_all(self, data: bytes, ancillary: list[tuple[int, int, array.array[int]]]) -> None:
        rest = memoryview(data)
        stuck = False
        while rest:
            try:
                rest = rest[self._socket.sendmsg([rest], ancillary) :]
                ancillary, stuck = [], False
            except BlockingIOError:
                if stuck:
                    raise BlockedError(
                        f"{len(rest)} of {len(data)} bytes find no room in the socket"
                    ) from None
                self._settle()
                stuck = not self._take()
            except (BrokenPipeError, ConnectionResetError):
                return

    def _take(self) -> bool:
        """Read all that is there; tell whether anything was."""
        taken = False
        while not self._end and self._socket.fileno() >= 0:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(
                    _CHUNK, socket.CMSG_SPACE(_MOST_DESCRIPTORS * _INT), socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                break
            except ConnectionResetError:
                data, ancillary = b"", []
            taken = True
            self._end = not data
            self._data += data
            for _, _, numbers in ancillary:
                self._tokens += map(self._sessions.recognise, array.array("i", numbers))
        return taken
