"""The target `socket:PATH`: a server that runs already, whoever started it.

Only its socket is there. Its clock, log, parameters and end are not the bench's: what needs them is
unavailable. Whatever a case leaves in its cache is found and taken out again, or waited for.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from conformance.contract.found import UNKNOWN, Found
from conformance.contract.target import Daemon, Peer, Token
from conformance.postfix.rest import ProcessWatch, supported, wait_for_rest
from conformance.targets.peer import ClientPeer
from conformance.targets.recognition import NotAnScacheError, recognise
from conformance.targets.sessions import Sessions
from conformance.targets.unix_connection import UnixConnection
from scache.errors import UnavailableError
from scache.protocol.dialect import DUMMY, Dialect
from scache.protocol.request import FIND_ENDP

__all__ = ["RunningServer", "RunningServerTarget"]

_SILENCE = 0.2  # seconds without a byte, where the server's process can't be watched
_TTL_LIMIT = 2.0  # seconds: the default of connection_cache_ttl_limit
_LABEL = re.compile(rb"label\0([^\0]*)\0")


class RunningServerTarget:
    """Connects to the socket at `path`."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._path = path
        self._clean_from = time.monotonic()
        self._found: Found | None = None
        self._not_an_scache: str | None = None

    def unavailable(self) -> str | None:
        reason = self._cannot_connect()
        if reason is None and self._found is None and self._not_an_scache is None:
            try:
                self._found = recognise(lambda options: self._connect(UNKNOWN, options))
            except NotAnScacheError as error:
                self._not_an_scache = f"not an scache: {error}"
        return reason or self._not_an_scache

    def found(self) -> Found:
        """What the server is. Raises UnavailableError where it can't be reached, or is no scache."""
        reason = self.unavailable()
        if self._found is None or reason is not None:
            raise UnavailableError(f"{self.name}: {reason}")
        return self._found

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        """Nothing is started; waits until bindings of an earlier case have expired."""
        return self._connect(self.found(), options or {})

    def _cannot_connect(self) -> str | None:
        try:
            if not stat.S_ISSOCK(self._path.stat().st_mode):
                return f"{self._path} is not a socket"
            UnixConnection(self._path, Sessions()).close()
        except OSError as error:
            return f"{self._path}: {error.strerror}"
        return None

    def _connect(self, found: Found, options: Mapping[str, str]) -> Daemon:
        if options:
            reason = f"the parameters of a running server are what they are ({', '.join(options)})"
            raise UnavailableError(f"{self.name}: {reason}")
        while (left := self._clean_from - time.monotonic()) > 0:
            select.select([], [], [], left)
        return RunningServer(self.name, self._path, found.dialect, self._leave)

    def _leave(self) -> None:
        self._clean_from = time.monotonic() + _TTL_LIMIT


class RunningServer:
    """A Daemon that is not the bench's; `leave` is told when bindings stay behind."""

    def __init__(self, name: str, path: Path, dialect: Dialect, leave: Callable[[], None]) -> None:
        self._name = name
        self._path = path
        self._leave = leave
        self._sessions = Sessions()
        self._connections: list[_RecordedConnection] = []
        self._watch = _watch_server(path)
        self._stopped = False
        self.dialect = dialect

    def connect(self) -> Peer:
        connection = _RecordedConnection(self._path, self._sessions)
        self._connections.append(connection)
        return ClientPeer(connection, lambda: self._settle(connection))

    def advance(self, seconds: int) -> None:  # noqa: ARG002
        raise self._not_ours("clock")

    def pass_time(self, seconds: int) -> None:  # noqa: ARG002
        raise self._not_ours("clock")

    def log(self) -> list[str]:
        raise self._not_ours("log")

    def is_open(self, token: Token) -> bool:
        for connection in self._connections[-1:]:
            self._settle(connection)
        return self._sessions.is_open(token)

    def hang_up(self, token: Token) -> None:
        self._sessions.hang_up(token)

    def heard(self, token: Token) -> bytes:
        for connection in self._connections[-1:]:
            self._settle(connection)
        return self._sessions.heard(token)

    def terminate(self) -> None:
        raise self._not_ours("end")

    def lose_master(self) -> None:
        raise self._not_ours("end")

    def exit_status(self) -> int | None:
        raise self._not_ours("end")

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        sent = [connection.sent for connection in self._connections]
        for connection in self._connections:
            connection.close()
        self._take_out({label for data in sent for label in _LABEL.findall(data)})
        if any(b"save_dest" in data for data in sent):
            self._leave()
        self._connections[-1].close()
        self._sessions.close()
        if self._watch is not None:
            self._watch.close()

    def _take_out(self, labels: set[bytes]) -> None:
        """Find the sessions of these endpoints until there are none."""
        peer = self.connect()
        peer.receive()
        for label in sorted(labels):
            while True:
                peer.send(FIND_ENDP.message(label))
                if peer.receive().data in (FIND_ENDP.fail, b""):
                    break
                peer.send(DUMMY)
                peer.receive()
                peer.send(DUMMY)

    def _settle(self, connection: _RecordedConnection) -> None:
        if self._watch is None:
            connection.wait(_SILENCE)
        else:
            wait_for_rest(self._watch, self._watch.rest, lambda _: True, connection.socket)

    def _not_ours(self, what: str) -> UnavailableError:
        return UnavailableError(f"{self._name}: the {what} of a running server is not the bench's")


class _RecordedConnection(UnixConnection):
    """Keeps what was sent, to know later which labels it was about."""

    def __init__(self, path: Path, sessions: Sessions) -> None:
        super().__init__(path, sessions)
        self.sent = b""

    def send(self, data: bytes, tokens: Sequence[Token]) -> int:
        count = super().send(data, tokens)
        self.sent += data[:count]
        return count

    def wait(self, seconds: float) -> None:
        """Wait until something can be read, at most so long."""
        if self.socket.fileno() >= 0:
            select.select([self.socket], [], [], seconds)


def _watch_server(path: Path) -> ProcessWatch | None:
    """A watch on the server's process, where it is the only one with this listening socket and may be seen.

    Otherwise (a server that master(8) starts on demand, another user's process) None: silence has to do.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(path))
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid = struct.unpack("3i", credentials)[0]
    try:
        if not supported() or _holders(path) != [pid]:
            return None
        watch = ProcessWatch(pid)
        watch.rest()
    except PermissionError:
        return None
    return watch


def _holders(path: Path) -> list[int]:
    """Processes that have the socket at `path` open, of those that may be looked at."""
    lines = Path("/proc/net/unix").read_text().splitlines()
    inodes = {f"socket:[{words[6]}]" for line in lines if (words := line.split())[7:] == [str(path)]}
    holders = []
    for process in Path("/proc").glob("[0-9]*"):
        if any(link in inodes for link in _open_files(process)):
            holders.append(int(process.name))
    return holders


def _open_files(process: Path) -> Iterator[str]:
    """What a process has open, as far as it may be looked at; it may close some of it meanwhile."""
    with contextlib.suppress(FileNotFoundError, PermissionError, ProcessLookupError):
        for link in (process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield str(link.readlink())
