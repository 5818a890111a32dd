"""The daemons that are compared, each spawned as master(8) spawns it and otherwise left alone.

The clock is the machine's own (no fake clock), and all get the same options and privileges. Who makes a
daemon work also has to read its status channel and its log now and then (`drain`): the real one writes two
messages a request and hangs when nobody reads them.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from conformance.contract.wire import ANNOUNCEMENT
from conformance.postfix.directories import Instance
from conformance.postfix.installations import installed_postfix
from conformance.postfix.master import Child, Command, arguments, own_daemon, spawn
from scache.errors import RemoteError, UnavailableError, UsageError

__all__ = [
    "OPTIONS",
    "Contestant",
    "RunningDaemon",
    "await_announcement",
    "compiled",
    "ours",
    "python_program",
    "real",
    "start",
]

OPTIONS = {"connection_cache_ttl_limit": "1000000", "max_idle": "86400"}
"""Nothing expires and nobody leaves while it is measured."""

_PATIENCE = 30  # seconds for the announcement

DAEMON = "scache.postfix.__main__"
PYTHON = f"Python {sys.version.split()[0]}"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A daemon to be measured: the name it has in the report, its command, and its release."""

    name: str
    command: Command
    version: str
    processors: tuple[int, ...] = ()
    """Where it may run; empty: wherever this process may."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Parameters beside those that all have."""


@dataclass(slots=True)
class RunningDaemon:
    """A daemon that has announced itself, and the seconds from its exec to that announcement.

    logged: the lines that were in its log when `drain` was called last.
    """

    name: str
    child: Child
    instance: Instance
    start_time: float
    logged: int = 0

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self.instance.path

    def drain(self) -> None:
        """Read what it has told master(8) and its log: a daemon that nobody reads hangs, or loses lines."""
        self.child.drain()
        self.logged += len(self.instance.read_log())

    @property
    def pid(self) -> int:
        """The daemon's process number."""
        return self.child.pid


def python_program(name: str, words: Sequence[str]) -> Contestant:
    """A program for the interpreter that runs the benchmark, isolated as a daemon is."""
    python = Path(sys.executable)
    return Contestant(name, Command(python, (str(python), "-IS", *words)), PYTHON)


def ours(name: str = "ours", **options: str) -> Contestant:
    """This project's daemon, with these parameters."""
    return Contestant(name, own_daemon(DAEMON), PYTHON, options=options)


def compiled(place: Path) -> Contestant:
    """The compiled build of this project's daemon, from the directory into which it was installed.

    Raises UsageError where there is none.
    """
    if not any(place.glob(f"scache/daemon/server{EXTENSION_SUFFIXES[0]}")):
        raise UsageError(f"{place}: holds no compiled scache for this interpreter")
    return Contestant("compiled", own_daemon(DAEMON, place.resolve()), PYTHON)


def real() -> Contestant | None:
    """The machine's own Postfix's; None where there is none."""
    try:
        installation = installed_postfix()
    except UnavailableError:
        return None
    return Contestant("real", installation.scache, f"Postfix {installation.version}")


def await_announcement(name: str, socket_path: Path, pid: int) -> None:
    """Wait until the daemon speaks to who connects. Raises RemoteError where it ends or says nothing."""
    with socket.socket(socket.AF_UNIX) as client, open(os.pidfd_open(pid), "rb") as end:
        try:
            client.connect(str(socket_path))
            ready, _, _ = select.select([client.fileno(), end.fileno()], [], [], _PATIENCE)
            received = client.recv(4096) if client.fileno() in ready else b""
        except OSError as failure:
            raise RemoteError(f"{name}: does not serve: {failure.strerror}") from failure
        if client.fileno() not in ready:
            what = "it has ended" if ready else f"it says nothing for {_PATIENCE} s"
            raise RemoteError(f"{name}: does not serve: {what}")
        if received != ANNOUNCEMENT:
            raise RemoteError(f"{name}: announces {received!r}")


@contextlib.contextmanager
def start(contestant: Contestant) -> Iterator[RunningDaemon]:
    """A running daemon with directories of its own; everything is gone when the block ends."""
    with contextlib.closing(Instance()) as instance:
        began = time.monotonic()
        words = arguments({**OPTIONS, **contestant.options})
        child = spawn(contestant.command, words, instance.environment(), instance.queue, instance.listener)
        try:
            if contestant.processors:
                os.sched_setaffinity(child.pid, contestant.processors)
            await_announcement(contestant.name, instance.path, child.pid)
            yield RunningDaemon(contestant.name, child, instance, time.monotonic() - began)
        finally:
            child.kill()
