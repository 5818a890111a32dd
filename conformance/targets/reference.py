"""The target `reference`: the bench's own model of scache, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.contract.target import START, Daemon, Peer, Token
from conformance.reference import Line, ReferenceScache, Session
from conformance.targets.peer import ClientPeer
from conformance.targets.settings import refuse_bounds, settings_from
from scache.config.settings import Settings

__all__ = ["ReferenceTarget"]


class ReferenceTarget:
    """Starts models inside the bench's own process."""

    name = "reference"

    def unavailable(self) -> str | None:
        return None

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        refuse_bounds(self.name, options or {})
        return ReferenceDaemon(settings_from(self.name, options or {}))


class ReferenceDaemon:
    """A Daemon that is a model."""

    def __init__(self, settings: Settings) -> None:
        self.dialect = settings.dialect
        self._model = ReferenceScache(settings, START)
        self._sessions: list[Session] = []

    def connect(self) -> Peer:
        return ClientPeer(ReferenceConnection(self._model.connect(), self._sessions), self._model.settle)

    def advance(self, seconds: int) -> None:
        self._model.settle()
        self._model.advance(seconds)

    def pass_time(self, seconds: int) -> None:
        self._model.advance(seconds)

    def log(self) -> list[str]:
        self._model.settle()
        texts, self._model.log = self._model.log, []
        return texts

    def is_open(self, token: Token) -> bool:
        self._model.settle()
        named = [session.open for session in self._sessions if session.token == token]
        if not named:
            raise KeyError(token)
        return any(named)

    def hang_up(self, token: Token) -> None:
        """Changes nothing here: the model, like scache, never looks at a session."""

    def heard(self, _token: Token) -> bytes:
        """Nothing: the model, like scache, never writes to a session."""
        return b""

    def terminate(self) -> None:
        self._model.settle()
        self._model.end()

    def lose_master(self) -> None:
        self._model.settle()
        self._model.end()

    def exit_status(self) -> int | None:
        self._model.settle()
        return 0 if self._model.ended else None

    def stop(self) -> None:
        self._model.end()


class ReferenceConnection:
    """A Connection to the model; `sessions` is where the daemon's sessions are kept."""

    def __init__(self, line: Line, sessions: list[Session]) -> None:
        self._line = line
        self._sessions = sessions

    def send(self, data: bytes, tokens: Sequence[Token]) -> int:
        if self._line.daemon_has_closed:
            raise BrokenPipeError
        self._sessions += self._line.send(data, tokens)
        return len(data)

    def receive(self) -> tuple[bytes, list[Token]]:
        if not self._line.to_client:
            if self._line.daemon_has_closed:
                return b"", []
            raise BlockingIOError
        data, sessions = self._line.to_client.pop(0)
        for session in sessions:
            session.open = False
        return data, [session.token for session in sessions]

    def shutdown(self) -> None:
        self._line.client_has_ended = True

    def close(self) -> None:
        self._line.close_by_client()
