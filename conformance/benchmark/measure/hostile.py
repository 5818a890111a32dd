"""What clients that misbehave cost the well-behaved ones beside them."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from conformance.benchmark.daemons import Contestant, RunningDaemon
from conformance.benchmark.load.mischief import MISCHIEF
from conformance.benchmark.measure.comparison import Turn, loaded, measure_turn
from conformance.benchmark.measure.process import cpu_time, memory
from scache.errors import RemoteError

__all__ = ["Beside", "measure_hostile"]

CLIENTS = 4
"""The well-behaved ones."""
QUIET = 0.02
"""Seconds without any CPU after which a daemon is at rest."""
LONGEST_REST = 10.0


@dataclass(slots=True)
class Beside:
    """Turns of the well-behaved clients, without and beside those that misbehave, alternating.

    No turns beside them where they keep everybody waiting for seconds. peak: bytes that were resident in the
    daemon at most. logged: lines.
    """

    without: list[Turn] = field(default_factory=list)
    beside: list[Turn] = field(default_factory=list)
    peak: int = 0
    logged: int = 0


def _misbehave(
    mischief: Callable[[str, int], Iterator[None]], path: str, count: int, started: Connection
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    acting = mischief(path, count)
    next(acting)
    started.send(None)
    for _ in acting:
        pass


@contextlib.contextmanager
def misbehaving(mischief: Callable[[str, int], Iterator[None]], path: Path, count: int) -> Iterator[None]:
    """So many clients misbehave, all in one process, so that they take at most one processor."""
    context = multiprocessing.get_context("fork")
    started, theirs = context.Pipe()
    process = context.Process(target=_misbehave, args=(mischief, str(path), count, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        started.recv()
        yield
    finally:
        process.kill()
        process.join()
        started.close()


def _come_to_rest(daemon: RunningDaemon) -> None:
    """Wait until the daemon has done with what those who have gone sent last."""
    patience = time.monotonic() + LONGEST_REST
    used = -1.0
    while used != cpu_time(daemon.pid).total and time.monotonic() < patience:
        used = cpu_time(daemon.pid).total
        time.sleep(QUIET)
        daemon.drain()


def measure_hostile(
    contestant: Contestant, command: list[str], kind: str, count: int, turns: int, seconds: float
) -> Beside:
    """Load the daemon without and beside so many clients of this kind of mischief in turn."""
    result = Beside()
    with loaded(contestant, command, 0) as under_load:
        daemon, generator = under_load.daemon, under_load.generator
        generator.open_clients(CLIENTS)
        for _ in range(turns):
            _come_to_rest(daemon)
            result.without.append(measure_turn(daemon, generator, seconds))
            with misbehaving(MISCHIEF[kind], daemon.socket_path, count):
                try:
                    result.beside.append(measure_turn(daemon, generator, seconds))
                except RemoteError:
                    result.beside.clear()
                    break
        _come_to_rest(daemon)
        result.peak, result.logged = memory(daemon.pid, "VmHWM"), daemon.logged
    return result
