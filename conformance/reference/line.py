"""A connection in memory, as the model's procedures and the bench's clients see it."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.contract.target import Token

__all__ = ["Line", "Session"]


class Session:
    """A session that clients hand to the daemon and get back. `open` until somebody closes it."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self.open = True


class Line:
    """One client's connection. Nothing is ever full here."""

    def __init__(self) -> None:
        self.to_daemon: list[tuple[bytes, list[Session]]] = []
        self.to_client: list[tuple[bytes, list[Session]]] = []
        self.client_has_ended = False
        self.client_has_closed = False
        self.daemon_has_closed = False
        self.time_is_up = False
        self.progress = 0  # how often the daemon has read or written something

    # What the daemon does

    def read(self, limit: int) -> bytes | None:
        """At most `limit` bytes; sessions among them are closed. None: nothing yet. Empty: the end."""
        data = self._take(limit)
        if data is None:
            return None
        for session in data[1]:
            session.open = False
        return data[0]

    def read_sessions(self) -> tuple[bytes, list[Session]] | None:
        """One byte and the sessions that ride on it. None: nothing yet. Empty: the end."""
        return self._take(1)

    def write(self, data: bytes, session: Session | None = None) -> bool:
        """Send; False where the client has gone."""
        if self.client_has_closed:
            return False
        self.progress += 1
        self.to_client.append((data, [session] if session else []))
        return True

    def close_by_daemon(self) -> None:
        """The daemon's end is closed; sessions that it has not read are closed with it."""
        self.daemon_has_closed = True
        _close_all(self.to_daemon)

    # What the client does

    def close_by_client(self) -> None:
        """The client's end is closed; sessions that it has not read are closed with it."""
        self.client_has_ended = self.client_has_closed = True
        _close_all(self.to_client)

    def send(self, data: bytes, tokens: Sequence[Token]) -> list[Session]:
        """One write of the client, with new sessions of these names on its first byte."""
        sessions = [Session(token) for token in tokens]
        self.to_daemon.append((data, sessions))
        return sessions

    def _take(self, limit: int) -> tuple[bytes, list[Session]] | None:
        """The kernel's rule: a read crosses the borders of writes, but stops behind one with sessions."""
        if not self.to_daemon:
            return (b"", []) if self.client_has_ended or self.time_is_up else None
        taken = b""
        sessions: list[Session] = []
        while self.to_daemon and len(taken) < limit and not sessions:
            data, sessions = self.to_daemon.pop(0)
            room = limit - len(taken)
            if len(data) > room:
                self.to_daemon.insert(0, (data[room:], []))
            taken += data[:room]
        self.progress += 1
        return taken, sessions


def _close_all(writes: list[tuple[bytes, list[Session]]]) -> None:
    for _, sessions in writes:
        for session in sessions:
            session.open = False
    writes.clear()
