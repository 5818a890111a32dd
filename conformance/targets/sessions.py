"""Sessions that the bench hands to a daemon: socket pairs, known by a token and recognised by their inode."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from conformance.contract.target import NO_STREAM, STRANGER, Token

__all__ = ["Sessions"]

_CHUNK = 4096


@dataclass(slots=True)
class _Session:
    token: Token
    remote: socket.socket
    heard: bytearray = field(default_factory=bytearray)

    def listen(self) -> bool:
        """Keep what has arrived at the remote side; tell whether the session goes on."""
        try:
            while data := self.remote.recv(_CHUNK):
                self.heard += data
        except BlockingIOError:
            return True
        except ConnectionResetError:
            pass
        return False


class Sessions:
    """All sessions of one daemon. The bench keeps each one's remote side and nothing else of it."""

    def __init__(self) -> None:
        self._by_inode: dict[int, _Session] = {}
        self._by_token: dict[Token, list[_Session]] = {}

    def make(self, token: Token) -> socket.socket:
        """A new session of that name; the caller sends its descriptor and closes it."""
        kind = socket.SOCK_DGRAM if token.startswith(NO_STREAM) else socket.SOCK_STREAM
        near, remote = socket.socketpair(type=kind)
        remote.setblocking(False)
        session = _Session(token, remote)
        self._by_inode[os.fstat(near.fileno()).st_ino] = session
        self._by_token.setdefault(token, []).append(session)
        return near

    def recognise(self, descriptor: int) -> Token:
        """Take over a descriptor that came back, prove which session it is, and close it."""
        session = self._by_inode.get(os.fstat(descriptor).st_ino)
        if session is None:
            os.close(descriptor)
            return STRANGER
        with socket.socket(fileno=descriptor) as near:
            session.listen()
            return session.token if _arrives(near, session.remote) else STRANGER

    def is_open(self, token: Token) -> bool:
        """Whether a session of that name is still held by anybody but the bench, or is on its way."""
        return any(session.listen() for session in self._by_token[token])

    def hang_up(self, token: Token) -> None:
        """Have the remote side end the newest session of that name."""
        self._newest(token).remote.shutdown(socket.SHUT_WR)

    def heard(self, token: Token) -> bytes:
        """What has arrived at the remote side of the newest session of that name since the last call."""
        session = self._newest(token)
        session.listen()
        heard = bytes(session.heard)
        session.heard.clear()
        return heard

    def close(self) -> None:
        """Drop the remote sides."""
        for sessions in self._by_token.values():
            for session in sessions:
                session.remote.close()
        self._by_inode.clear()
        self._by_token.clear()

    def _newest(self, token: Token) -> _Session:
        return self._by_token[token][-1]


def _arrives(near: socket.socket, remote: socket.socket) -> bool:
    proof = os.urandom(8)
    near.sendall(proof)
    return remote.recv(len(proof)) == proof
