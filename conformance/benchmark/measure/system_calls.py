"""The system calls that each kind of request costs a daemon, counted by strace(1) with one client."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from conformance.benchmark.daemons import Contestant, RunningDaemon, start
from conformance.benchmark.load.load import (
    FIND_DEST,
    FIND_ENDP,
    SAVE_DEST,
    SAVE_ENDP,
    SESSION_IN,
    SESSION_OUT,
    Client,
)
from scache.errors import UnavailableError

__all__ = ["Counts", "count_system_calls", "parse_strace"]

REQUESTS = 100
"""How many of each kind are counted; the real daemon's status channel, unread meanwhile, holds some more."""

PAUSE = 0.003
"""Seconds between two requests, so that the daemon goes back to its event loop as between two mails."""

Counts = dict[str, float]
"""Calls per request, by the system call's name."""

KINDS: dict[str, tuple[int, ...]] = {
    "save_dest": (SAVE_DEST,),
    "save_endp": (SAVE_ENDP, SESSION_OUT),
    "find_dest, hit": (FIND_DEST, SESSION_IN),
    "find_endp, miss": (FIND_ENDP,),
}
"""The steps of each kind. Every find_dest takes a session that the save_endp before it has left."""


def parse_strace(summary: str) -> Counts:
    """Calls by name from what `strace -c` writes: time, seconds, usecs/call, calls, errors or blank, name."""
    counts: Counts = {}
    for line in summary.splitlines():
        words = line.split()
        if len(words) in (5, 6) and words[3].isdigit() and words[-1] != "total":
            counts[words[-1]] = int(words[3])
    return counts


def _count(daemon: RunningDaemon, work: Callable[[], None]) -> Counts:
    """What the daemon calls while the work is done, divided by the number of requests."""
    strace = shutil.which("strace")
    if strace is None:
        raise UnavailableError("strace is not installed")
    with tempfile.NamedTemporaryFile("r", prefix="scache-benchmark-") as output:
        tracer = subprocess.Popen(
            [strace, "-f", "-c", "-o", output.name, "-p", str(daemon.pid)], stderr=subprocess.PIPE, text=True
        )
        assert tracer.stderr is not None
        if "attached" not in tracer.stderr.readline():
            raise UnavailableError(f"strace cannot attach to process {daemon.pid}")
        work()
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        calls = parse_strace(Path(output.name).read_text())
    daemon.drain()
    return {name: count / REQUESTS for name, count in calls.items() if count >= REQUESTS / 2}


def _repeat(client: Client, steps: Sequence[int]) -> Callable[[], None]:
    def repeat() -> None:
        for _ in range(REQUESTS):
            for step in steps:
                client.step = step
                client.write()
                client.read()
            time.sleep(PAUSE)

    return repeat


def count_system_calls(contestant: Contestant) -> dict[str, Counts]:
    """By kind of request, calls per request of a daemon with one client."""
    with start(contestant) as daemon:
        client = Client(str(daemon.socket_path), b"client", 0)
        client.begin()
        counts = {kind: _count(daemon, _repeat(client, steps)) for kind, steps in KINDS.items()}
        client.close()
        return counts
