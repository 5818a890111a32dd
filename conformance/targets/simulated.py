"""The target `simulated`: this project's server in memory, on the simulated kernel and a virtual clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.contract.target import NO_STREAM, START, STRANGER, Daemon, Peer, Token
from conformance.targets.peer import ClientPeer
from conformance.targets.settings import settings_from
from scache.config.settings import Settings
from scache.simulated import Listener, OpenFile, StreamSocket, socket_pair
from scache.simulated.clock import VirtualClock
from scache.simulated.daemon import SimulatedDaemon

__all__ = ["SimulatedTarget"]

_CHUNK = 65536


class SimulatedTarget:
    """Starts servers inside the bench's own process."""

    name = "simulated"

    def unavailable(self) -> str | None:
        return None

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        return ObservableDaemon(settings_from(self.name, options or {}))


class ObservableDaemon:
    """A Daemon of the bench that is a SimulatedDaemon."""

    def __init__(self, settings: Settings) -> None:
        self.dialect = settings.dialect
        self._log: list[str] = []
        self._daemon = SimulatedDaemon(settings, VirtualClock(START), self._log.append)
        self._sessions = SimulatedSessions()

    def connect(self) -> Peer:
        return ClientPeer(SimulatedConnection(self._daemon.connect(), self._sessions), self.settle)

    def advance(self, seconds: int) -> None:
        self._daemon.advance(seconds)

    def pass_time(self, seconds: int) -> None:
        self._daemon.clock.advance(seconds)

    def log(self) -> list[str]:
        self.settle()
        texts = list(self._log)
        self._log.clear()
        return texts

    def is_open(self, token: Token) -> bool:
        self.settle()
        return self._sessions.is_open(token)

    def hang_up(self, token: Token) -> None:
        self._sessions.hang_up(token)

    def heard(self, token: Token) -> bytes:
        self.settle()
        return self._sessions.heard(token)

    def terminate(self) -> None:
        self._daemon.stop()

    def lose_master(self) -> None:
        self._daemon.stop()

    def exit_status(self) -> int | None:
        self.settle()
        return 0 if self._daemon.ended else None

    def stop(self) -> None:
        self._daemon.stop()

    def settle(self) -> None:
        """Let the daemon come to rest."""
        self._daemon.settle()


class SimulatedSessions:
    """Socket pairs of the simulated kernel, by token; the bench keeps each one's remote side."""

    def __init__(self) -> None:
        self._named: dict[OpenFile, Token] = {}
        self._pairs: dict[Token, list[tuple[StreamSocket, StreamSocket]]] = {}

    def make(self, token: Token) -> OpenFile:
        """A new session of that name; the caller sends and releases it."""
        if token.startswith(NO_STREAM):
            return Listener()  # there are no datagrams in here
        near, remote = socket_pair()
        self._named[near] = token
        self._pairs.setdefault(token, []).append((near, remote))
        return near

    def recognise(self, file: OpenFile) -> Token:
        """Take over a file that came back, prove which session it is, and release it."""
        token = self._named.get(file, STRANGER)
        for near, remote in self._pairs.get(token, []):
            if near is file:
                near.send(b"?")
                token = token if remote.receive(1) == b"?" else STRANGER
        file.release()
        return token

    def is_open(self, token: Token) -> bool:
        """Whether a session of that name is still held by anybody, or is on its way."""
        return any(near.is_open and not near.output_ended for near, _ in self._pairs[token])

    def hang_up(self, token: Token) -> None:
        """Have the remote side end the newest session of that name."""
        self._newest_remote(token).shutdown()

    def heard(self, token: Token) -> bytes:
        """What has arrived at the remote side of the newest session of that name since the last call."""
        heard = b""
        try:
            while data := self._newest_remote(token).receive(_CHUNK):
                heard += data
        except (BlockingIOError, ConnectionResetError):
            pass
        return heard

    def _newest_remote(self, token: Token) -> StreamSocket:
        return self._pairs[token][-1][1]


class SimulatedConnection:
    """A Connection on the simulated kernel."""

    def __init__(self, socket: StreamSocket, sessions: SimulatedSessions) -> None:
        self._socket = socket
        self._sessions = sessions

    def send(self, data: bytes, tokens: Sequence[Token]) -> int:
        files = tuple(self._sessions.make(token) for token in tokens)
        try:
            return self._socket.send(data, files)
        finally:
            for file in files:
                file.release()

    def receive(self) -> tuple[bytes, list[Token]]:
        data, files = self._socket.receive_message(_CHUNK)
        return data, [self._sessions.recognise(file) for file in files]

    def shutdown(self) -> None:
        self._socket.shutdown()

    def close(self) -> None:
        if self._socket.is_open:
            self._socket.release()
