"""A connection cache that runs on a socket path, as a replay's daemon, in real or compressed time."""

from __future__ import annotations

import contextlib
import math
import os
import select
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from scache import rights
from scache.daemon.interfaces import WallClock
from scache.trace.format.events import UNKNOWN_TOKEN
from scache.trace.replay.simulated_daemon import Arrived

__all__ = ["PATIENCE", "RunningDaemon", "RunningPeer"]

#: Seconds after which an answer that hasn't come is taken to be missing.
PATIENCE = 5.0

#: Seconds by which time(2) may be late.
TICK = 0.02

#: Sessions that are kept before those are looked for which the server has closed.
LOOK = 256

_CHUNK = 1 << 16
_ROOM = rights.room_for(rights.MOST_DESCRIPTORS)


class RunningDaemon:
    """Connects to a socket path; see replay.Daemon.

    clock: the one that the server goes by. sleep: lets seconds pass. speed: seconds of the trace in one
    second; what the server keeps lives by its own clock, so only at 1 does it expire as recorded. A second
    of the trace begins with one of the clock, as what is cached expires by whole seconds.
    Raises OSError where nobody listens.
    """

    def __init__(
        self, path: Path, clock: WallClock, sleep: Callable[[float], None], speed: float = 1.0
    ) -> None:
        self._path = str(path)
        self._clock = clock
        self._sleep = sleep
        self._speed = speed
        self._due = math.floor(clock.now()) + 1.0
        self._wait()
        self._sessions = KeptSessions()

    def connect(self) -> RunningPeer:
        """Open a client connection."""
        stream = socket.socket(socket.AF_UNIX)
        try:
            stream.connect(self._path)
        except OSError as error:
            stream.close()
            raise OSError(error.errno, error.strerror, self._path) from None
        stream.settimeout(PATIENCE)
        return RunningPeer(stream, self._sessions)

    def advance(self, seconds: float) -> None:
        """Wait. A clock that was set back while recording isn't set back here."""
        self._due += max(0.0, seconds / self._speed)
        self._wait()

    def _wait(self) -> None:
        self._sleep(max(0.0, self._due + TICK - self._clock.now()))

    def restart(self) -> None:
        """Nothing: the daemon is somebody else's. What the recorded end changed will differ."""

    def close(self) -> None:
        """Close the remote sides of all sessions."""
        self._sessions.close()


class RunningPeer:
    """A client connection; see replay.Peer."""

    def __init__(self, stream: socket.socket, sessions: KeptSessions) -> None:
        self._stream = stream
        self._sessions = sessions

    def send(self, data: bytes, tokens: Sequence[str] = ()) -> None:
        """One write, and more where the socket takes less."""
        near = [self._sessions.make(token) for token in tokens]
        try:
            with contextlib.suppress(ConnectionError, TimeoutError):  # to be seen by receiving
                sent = rights.send(self._stream, data, [end.fileno() for end in near])
                self._stream.sendall(data[sent:])
        finally:
            for end in near:
                end.close()

    def receive(self) -> Arrived:
        """What is there; nothing only after PATIENCE seconds without anything."""
        try:
            data, descriptors, _ = rights.receive(self._stream, _CHUNK, _ROOM)
        except TimeoutError:
            return Arrived(b"", (), end=False)
        except ConnectionError:
            return Arrived(b"", (), end=True)
        return Arrived(data, tuple(map(self._sessions.recognise, descriptors)), end=not data)

    def shutdown(self) -> None:
        """Half-close."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()


class KeptSessions:
    """Socket pairs whose near end the server has; the remote end is kept so that the session lives."""

    def __init__(self) -> None:
        self._remote: dict[tuple[int, int], tuple[str, socket.socket]] = {}
        self._next_look = LOOK

    def make(self, token: str) -> socket.socket:
        """A new session's near end, which the caller sends and closes."""
        if len(self._remote) >= self._next_look:
            self._forget_closed()
        near, remote = socket.socketpair()
        status = os.fstat(near.fileno())
        self._remote[status.st_dev, status.st_ino] = (token, remote)
        return near

    def recognise(self, descriptor: int) -> str:
        """The token of a session that came back; it is closed."""
        status = os.fstat(descriptor)
        os.close(descriptor)
        token, remote = self._remote.pop((status.st_dev, status.st_ino), (UNKNOWN_TOKEN, None))
        if remote is not None:
            remote.close()
        return token

    def close(self) -> None:
        """Close all remote ends."""
        for _, remote in self._remote.values():
            remote.close()
        self._remote.clear()

    def _forget_closed(self) -> None:
        poll = select.poll()
        keys = {remote.fileno(): key for key, (_, remote) in self._remote.items()}
        for handle in keys:
            poll.register(handle, 0)
        for handle, _ in poll.poll(0):
            self._remote.pop(keys[handle])[1].close()
        self._next_look = max(LOOK, 2 * len(self._remote))
