"""The daemons that are compared, each spawned as master(8) spawns it and otherwise left alone.

The clock is the machine's own (no fake clock), the status channel is drained by a process that costs next to nothing
(drain.py), and both daemons get the same options and privileges.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.benchmark.process import generator_processors, server_processors

__all__ = ["OPTIONS", "Contestant", "RunningDaemon", "ours", "real", "start"]

OPTIONS = {"connection_cache_ttl_limit": "1000000", "max_idle": "86400"}
"""Nothing expires and nobody leaves while it is measured."""

ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"
HERE = Path(__file__).parent
STATUS_ROOM = 4 << 20
"""Bytes of status messages that may wait for the drain, if the system allows as many."""

FIRST_FREE = 100
"""Descriptors are moved up here before they are spread over 0 to 6, so that none overwrites another."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A daemon to be measured: its name, and the command that comes before master(8)'s own arguments."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunningDaemon:
    """A daemon that has announced itself, and the seconds from its exec to that announcement."""

    name: str
    pid: int
    socket_path: Path
    start_time: float


def ours(before: Sequence[str] = ()) -> Contestant:
    """Our daemon on the interpreter that runs the benchmark; `before` are interpreter options or a profiler."""
    return Contestant("ours", (sys.executable, *before, "-m", "scache.postfix"))


def real() -> Contestant | None:
    """The machine's own Postfix; None where there is none."""
    postconf = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if postconf is None:
        return None
    directory = subprocess.run(
        [postconf, "-h", "daemon_directory"], check=True, capture_output=True, text=True
    ).stdout.strip()
    program = Path(directory, "scache")
    return Contestant("real", (str(program),)) if program.exists() else None


def _write_configuration(directory: Path) -> Path:
    """A main.cf of the instance's own, old enough that no program waits for it to settle."""
    configuration, queue = directory / "etc", directory / "queue"
    configuration.mkdir()
    (queue / "private").mkdir(parents=True)
    main_cf = configuration / "main.cf"
    main_cf.write_text(f"compatibility_level = 3.6\nqueue_directory = {queue}\nmail_owner = postfix\n")
    (configuration / "master.cf").write_text("")
    os.utime(main_cf, (0, 0))
    return configuration


def _listen(socket_path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(socket_path))
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _spawn(contestant: Contestant, configuration: Path, listener: socket.socket, status: socket.socket) -> int:
    """exec the daemon with the descriptors, arguments and environment that master(8) gives it; its pid."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    flow = os.pipe()
    sources = [null, null, null, *flow, status.fileno(), listener.fileno()]
    moved = [fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE) for source in sources]
    options = [word for name, value in OPTIONS.items() for word in ("-o", f"{name}={value}")]
    try:
        return os.posix_spawn(
            contestant.command[0],
            [*contestant.command, "-l", "-t", "unix", "-u", *options],
            {"MAIL_CONFIG": str(configuration), "LANG": "C", "GENERATION": "1", "MAIL_LOGTAG": "postfix"},
            file_actions=[(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate(moved)],
        )
    finally:
        for descriptor in {null, *flow, *moved}:
            os.close(descriptor)


def _await_announcement(socket_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(socket_path))
        if client.recv(4096) != ANNOUNCEMENT:
            raise ConnectionError(f"{socket_path}: no announcement")


@contextlib.contextmanager
def start(contestant: Contestant) -> Iterator[RunningDaemon]:
    """A running instance with directories of its own; everything is gone when the block ends."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scache-benchmark-")))
        directory.chmod(0o755)
        configuration = _write_configuration(directory)
        socket_path = directory / "queue" / "private" / "scache"
        status, daemon_status = socket.socketpair()
        daemon_status.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STATUS_ROOM)
        with status:
            drain = subprocess.Popen([sys.executable, str(HERE / "drain.py")], stdin=status)
        stack.callback(drain.wait)
        stack.callback(drain.kill)
        os.sched_setaffinity(drain.pid, generator_processors())
        with daemon_status, _listen(socket_path) as listener:
            began = time.monotonic()
            pid = _spawn(contestant, configuration, listener, daemon_status)
        stack.callback(os.waitpid, pid, 0)
        stack.callback(os.kill, pid, signal.SIGTERM)
        os.sched_setaffinity(pid, server_processors())
        _await_announcement(socket_path)
        yield RunningDaemon(contestant.name, pid, socket_path, time.monotonic() - began)
