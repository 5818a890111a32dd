"""Sessions that the bench hands to a daemon: socket pairs, known by a token and recognised by their inode."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

from conformance.contract.target import STRANGER, Token

__all__ = ["Sessions"]

_CHUNK = 4096


@dataclass(slots=True)
class _Session:
    token: Token
    inode: int
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
        self._sessions: list[_Session] = []

    def make(self, token: Token) -> socket.socket:
        """A new session of that name; the caller sends its descriptor and closes it."""
        near, remote = socket.socketpair()
        remote.setblocking(False)
        self._sessions.append(_Session(token, os.fstat(near.fileno()).st_ino, remote))
        return near

    def recognise(self, descriptor: int) -> Token:
        """Take over a descriptor that came back, prove which session it is, and close it."""
        inode = os.fstat(descriptor).st_ino
        session = next((known for known in self._sessions if known.inode == inode), None)
        if session is None:
            os.close(descriptor)
            return STRANGER
        with socket.socket(fileno=descriptor) as near:
            session.listen()
            return session.token if _arrives(near, session.remote) else STRANGER

    def is_open(self, token: Token) -> bool:
        """Whether a session of that name is still held by anybody but the bench, or is on its way."""
        named = [session for session in self._sessions if session.token == token]
        if not named:
            raise KeyError(token)
        return any(session.listen() for session in named)

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
        for session in self._sessions:
            session.remote.close()
        self._sessions.clear()

    def _newest(self, token: Token) -> _Session:
        return [session for session in self._sessions if session.token == token][-1]


def _arrives(near: socket.socket, remote: socket.socket) -> bool:
    proof = os.urandom(8)
    near.sendall(proof)
    return remote.recv(len(proof)) == proof
