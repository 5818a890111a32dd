"""The project's own server in memory, on a clock that moves only when told: what replays by default go to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from scache.config.settings import Settings
from scache.daemon.clock import VirtualClock
from scache.daemon.server import Server
from scache.simulated import OpenFile, SimulatedNetwork, StreamSocket, socket_pair
from scache.trace.format.events import UNKNOWN_TOKEN

__all__ = ["Arrived", "SimulatedDaemon", "SimulatedPeer"]

_CHUNK = 1 << 16

#: 0, 1, 2 and the listening socket.
OWN_DESCRIPTORS = 4

UNLIMITED = 1 << 30


class Arrived(NamedTuple):
    """What a peer has received: see replay.Received."""

    data: bytes
    tokens: tuple[str, ...]
    end: bool


class SimulatedDaemon:
    """A Server with these settings on simulated sockets; see replay.Daemon. Its log goes nowhere.

    start: seconds since the epoch. room: how many clients and sessions it has descriptors for; None: as many
    as come.
    """

    def __init__(self, settings: Settings, start: float, room: int | None = None) -> None:
        self._settings = settings
        self._descriptor_limit = OWN_DESCRIPTORS + (UNLIMITED if room is None else room)
        self._clock = VirtualClock(start)
        self._start()
        #: The sessions that are on the server's side, by identity of their open file.
        self.sessions: dict[OpenFile, str] = {}

    def connect(self) -> SimulatedPeer:
        """Open a client connection."""
        return SimulatedPeer(self, self._network.connect())

    def advance(self, seconds: float) -> None:
        """Move the clock, and let the server run its timers."""
        self.settle()
        before = int(self._clock.now())
        self._clock.advance(seconds)
        if int(self._clock.now()) != before:
            self._server.turn(0)
            self.forget_closed(list(self.sessions))

    def settle(self) -> None:
        """Let the server take turns until nothing is ready."""
        while self._network.wait(0):
            self._server.turn(0)

    def restart(self) -> None:
        """End the server, and start another one."""
        self.settle()
        self.close()
        self._start()

    def close(self) -> None:
        """Close all connections and sessions."""
        self._server.close()

    def _start(self) -> None:
        self._network = SimulatedNetwork(descriptor_limit=self._descriptor_limit)
        self._server = Server(self._network, self._clock, self._settings, lambda _: None)

    def forget_closed(self, sessions: Iterable[OpenFile]) -> None:
        """Forget those of these sessions that the server has closed."""
        for session in sessions:
            if not session.is_open:
                self.sessions.pop(session, None)


class SimulatedPeer:
    """A client connection; see replay.Peer."""

    def __init__(self, daemon: SimulatedDaemon, stream: StreamSocket) -> None:
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
