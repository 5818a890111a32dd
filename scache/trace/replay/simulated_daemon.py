"""The project's own server in memory, on a clock that moves only when told: what replays by default go to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from scache.config.settings import Settings
from scache.simulated import OpenFile, SimulatedNetwork, StreamSocket, socket_pair
from scache.simulated.clock import VirtualClock
from scache.simulated.daemon import OWN_DESCRIPTORS, SimulatedDaemon
from scache.trace.format.events import UNKNOWN_TOKEN

__all__ = ["Arrived", "TokenDaemon", "TokenPeer"]

_CHUNK = 1 << 16

UNLIMITED = 1 << 30


class Arrived(NamedTuple):
    """What a peer has received: see replay.Received."""

    data: bytes
    tokens: tuple[str, ...]
    end: bool


class TokenDaemon:
    """A SimulatedDaemon whose sessions go by tokens; see replay.Daemon. Its log goes nowhere.

    start: seconds since the epoch. room: how many clients and sessions it has descriptors for; None: as many
    as come.
    """

    def __init__(self, settings: Settings, start: float, room: int | None = None) -> None:
        self._settings = settings
        self._descriptor_limit = OWN_DESCRIPTORS + (UNLIMITED if room is None else room)
        self._daemon = self._start(VirtualClock(start))
        #: The sessions that are on the server's side, by identity of their open file.
        self.sessions: dict[OpenFile, str] = {}

    def connect(self) -> TokenPeer:
        """Open a client connection."""
        return TokenPeer(self, self._daemon.connect())

    def advance(self, seconds: float) -> None:
        """Move the clock, and let the server run its timers."""
        before = int(self._daemon.clock.now())
        self._daemon.advance(seconds)
        if int(self._daemon.clock.now()) != before:
            self.forget_closed(list(self.sessions))

    def settle(self) -> None:
        """Let the server take turns until nothing is ready."""
        self._daemon.settle()

    def restart(self) -> None:
        """End the server, and start another one."""
        self._daemon.settle()
        self._daemon.stop()
        self._daemon = self._start(self._daemon.clock)

    def close(self) -> None:
        """Close all connections and sessions."""
        self._daemon.stop()

    def _start(self, clock: VirtualClock) -> SimulatedDaemon:
        network = SimulatedNetwork(descriptor_limit=self._descriptor_limit)
        return SimulatedDaemon(self._settings, clock, lambda _: None, network)

    def forget_closed(self, sessions: Iterable[OpenFile]) -> None:
        """Forget those of these sessions that the server has closed."""
        for session in sessions:
            if not session.is_open:
                self.sessions.pop(session, None)


class TokenPeer:
    """A client connection; see replay.Peer."""

    def __init__(self, daemon: TokenDaemon, stream: StreamSocket) -> None:
        self._daemon = daemon
        self._stream = stream

    def send(self, data: bytes, tokens: Sequence[str] = ()) -> None:
        """One write, in pieces where the socket has no room for it. What the server doesn't take is lost."""
        files = tuple(self._session(token) for token in tokens)
        with suppress(ConnectionError, BlockingIOError):
            data = data[self._stream.send(data, files) :]
            while data:
                self._daemon.settle()
                data = data[self._stream.send(data) :]
        for file in files:
            file.release()
        self._daemon.settle()
        self._daemon.forget_closed(files)

    def receive(self) -> Arrived:
        """All that the server has sent."""
        self._daemon.settle()
        pieces: list[bytes] = []
        tokens: list[str] = []
        end = False
        while not end:
            try:
                data, files = self._stream.receive_message(_CHUNK)
            except BlockingIOError:
                break
            except ConnectionError:
                data, files = b"", ()
            end = not data
            pieces.append(data)
            for file in files:
                tokens.append(self._daemon.sessions.pop(file, UNKNOWN_TOKEN))
                file.release()
            self._daemon.settle()
        return Arrived(b"".join(pieces), tuple(tokens), end)

    def shutdown(self) -> None:
        """Half-close."""
        self._stream.shutdown()
        self._daemon.settle()

    def close(self) -> None:
        """Close the connection."""
        self._stream.release()
        self._daemon.settle()

    def _session(self, token: str) -> OpenFile:
        session, _ = socket_pair()
        self._daemon.sessions[session] = token
        return session
