"""The daemons that are compared, each spawned as master(8) spawns it and otherwise left alone.

The clock is the machine's own (no fake clock), and all get the same options and privileges. Who makes a
daemon work also has to read its status channel now and then (`child.drain`): the real one writes two messages
a request and hangs when nobody reads them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from conformance.postfix.installations import installed_postfix
from conformance.postfix.master import Child, Command, arguments, own_daemon, spawn
from scache.errors import RemoteError, UnavailableError, UsageError

__all__ = [
    "ANNOUNCEMENT",
    "OPTIONS",
    "Contestant",
    "RunningDaemon",
    "compiled",
    "ours",
    "python_program",
    "real",
    "start",
]

OPTIONS = {"connection_cache_ttl_limit": "1000000", "max_idle": "86400"}
"""Nothing expires and nobody leaves while it is measured."""

DAEMON = "scache.postfix.__main__"
PYTHON = f"Python {sys.version.split()[0]}"

ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A daemon to be measured: the name it has in the report, its command, and its release."""

    name: str
    command: Command
    version: str
    processors: tuple[int, ...] = ()
    """Where it may run; empty: wherever this process may."""


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon that has announced itself, and the seconds from its exec to that announcement."""

    name: str
    child: Child
    socket_path: Path
    start_time: float

    @property
    def pid(self) -> int:
        """The daemon's process number."""
        return self.child.pid


def python_program(name: str, words: Sequence[str]) -> Contestant:
    """A program for the interpreter that runs the benchmark, isolated as a daemon is."""
    python = Path(sys.executable)
    return Contestant(name, Command(python, (str(python), "-IS", *words)), PYTHON)


def ours() -> Contestant:
    """This project's daemon."""
    return Contestant("ours", own_daemon(DAEMON), PYTHON)


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


def _write_configuration(directory: Path) -> tuple[Path, Path]:
    """config_directory and queue_directory; main.cf is so old that no program waits for it to settle."""
    configuration, queue = directory / "config", directory / "queue"
    configuration.mkdir(mode=0o755)
    queue.mkdir(mode=0o755)
    (queue / "private").mkdir(mode=0o755)
    main_cf = configuration / "main.cf"
    main_cf.write_text(f"compatibility_level = 2\nqueue_directory = {queue}\nmail_owner = postfix\n")
    os.utime(main_cf, (0, 0))
    return configuration, queue


def _await_announcement(name: str, socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        try:
            client.connect(str(socket_path))
            received = client.recv(4096)
        except OSError as failure:
            raise RemoteError(f"{name}: does not serve: {failure.strerror}") from failure
        if received != ANNOUNCEMENT:
            raise RemoteError(f"{name}: announces {received!r}")


@contextlib.contextmanager
def start(contestant: Contestant) -> Iterator[RunningDaemon]:
    """A running instance with directories of its own; everything is gone when the block ends."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scache-benchmark-")))
        directory.chmod(0o755)
        configuration, queue = _write_configuration(directory)
        socket_path = queue / "private" / "scache"
        environment = {"MAIL_CONFIG": str(configuration), "LANG": "C", "GENERATION": "1"}
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(socket_path))
            listener.listen(128)
            began = time.monotonic()
            child = spawn(contestant.command, arguments(OPTIONS), environment, queue, listener)
        stack.callback(child.kill)
        if contestant.processors:
            os.sched_setaffinity(child.pid, contestant.processors)
        _await_announcement(contestant.name, socket_path)
        yield RunningDaemon(contestant.name, child, socket_path, time.monotonic() - began)
