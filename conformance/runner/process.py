"""Acts and measurements on a daemon's process, for what a dialogue can't express; each is bounded."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from pathlib import Path

from conformance.catalogue.language.dialogue import attribute
from conformance.catalogue.language.model import ProcessStep
from conformance.contract.target import Daemon, Peer
from conformance.runner.crowds import come_and_go, keep_many
from scache.errors import UnavailableError

__all__ = ["PROCESS_STEPS"]

OnDaemon = Callable[[Daemon, Mapping[str, Peer]], str | None]

_FEW, _MANY = 50, 12_000  # cached bindings between which the cost of a request is compared
_ASKED = 20  # requests of one measurement
_MEASURED = 25  # times that it is made
_COMPARED = 3  # times that few and many are compared before a growth is believed
_TTL = 100_000  # seconds that they live
#: Postfix's grows more than four times, a flat one by a tenth at most.
_MOST_GROWTH = 2.5


def _pid(daemon: Daemon) -> int:
    pid = getattr(daemon, "pid", None)
    if not isinstance(pid, int):
        raise UnavailableError("the daemon has no process of its own that can be measured")
    return pid


def _freeze(daemon: Daemon, _peers: Mapping[str, Peer]) -> None:
    """Stop the process, so that what follows happens before it can look. A daemon in this process only
    runs when it is looked at, and needs no stopping.
    """
    if hasattr(daemon, "pid"):
        os.kill(_pid(daemon), signal.SIGSTOP)


def _thaw(daemon: Daemon, _peers: Mapping[str, Peer]) -> None:
    if hasattr(daemon, "pid"):
        os.kill(_pid(daemon), signal.SIGCONT)


def _no_more_descriptors(daemon: Daemon, _peers: Mapping[str, Peer]) -> None:
    """Lower the process's limit to the descriptors that it has open."""
    pid = _pid(daemon)
    limit = 1 + max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    owner = os.stat(f"/proc/{pid}")
    # Only a process of the same user may do that, where root lacks CAP_SYS_RESOURCE.
    words = ["prlimit", f"--pid={pid}", f"--nofile={limit}:{limit}"]
    subprocess.run(words, check=True, user=owner.st_uid, group=owner.st_gid, extra_groups=[])


def _closes_on_exec(daemon: Daemon, _peers: Mapping[str, Peer]) -> str | None:
    """Look at the flags of the descriptor with the highest number: what was received last."""
    fdinfo = Path(f"/proc/{_pid(daemon)}/fdinfo")
    newest = max(int(file.name) for file in fdinfo.iterdir())
    lines = (fdinfo / str(newest)).read_text().splitlines()
    flags = next(int(line.split()[1], 8) for line in lines if line.startswith("flags:"))
    return None if flags & os.O_CLOEXEC else f"descriptor {newest} stays open on exec"


def _flat_cost(daemon: Daemon, peers: Mapping[str, Peer]) -> str | None:
    """Compare the processor time of a refresh with few, with many, and with few bindings cached again.

    No clock on the wall decides: costs of one process are compared, of each kind that of the requests which
    nothing else on the machine has disturbed, the cheapest. Few before and after, so that neither has the
    warmer cache; all on one processor, since what it costs to wake another one changes from moment to moment.
    """
    pid = _pid(daemon)
    growth = inf
    with _on_one_processor(pid):
        for _ in range(_COMPARED):
            growth = min(growth, _growth_of_cost(daemon, pid, peers["a"]))
            if growth <= _MOST_GROWTH:
                return None
    return f"{_MANY} bindings make a refresh {growth:.1f} times as dear as {_FEW} do"


def _growth_of_cost(daemon: Daemon, pid: int, peer: Peer) -> float:
    """Costs with many bindings by those with few; nothing is cached before and afterwards."""
    _bind(peer, range(_FEW))
    few = _cost_of_refreshing(pid, peer, _FEW)
    _bind(peer, range(_FEW, _MANY))
    many = _cost_of_refreshing(pid, peer, _MANY)
    daemon.advance(_TTL)
    _bind(peer, range(_FEW))
    few = min(few, _cost_of_refreshing(pid, peer, _FEW))
    daemon.advance(_TTL)
    return many / few


@contextmanager
def _on_one_processor(pid: int) -> Iterator[None]:
    """Keep the process and the client that asks it on the same processor."""
    mine, its = os.sched_getaffinity(0), os.sched_getaffinity(pid)
    together = {min(mine & its or mine)}
    os.sched_setaffinity(0, together)
    os.sched_setaffinity(pid, together)
    try:
        yield
    finally:
        os.sched_setaffinity(pid, its)
        os.sched_setaffinity(0, mine)


def _bind(peer: Peer, numbers: range) -> None:
    for number in numbers:
        peer.send(_save_dest(number))
        peer.receive()


def _cost_of_refreshing(pid: int, peer: Peer, cached: int) -> float:
    """Least processor time in seconds that refreshes of the newest bindings take."""
    costs = []
    for _ in range(_MEASURED):
        before = _processor_time(pid)
        for number in range(_ASKED):
            peer.send(_save_dest(cached - 1 - number))
            peer.receive()
        costs.append(_processor_time(pid) - before)
    return min(costs)


def _processor_time(pid: int) -> float:
    """Seconds that the process has run, to this moment: what /proc tells ends where it last slept.

    The number of another process's clock is made as clock_getcpuclockid(3) makes it.
    """
    return time.clock_gettime((~pid << 3) | 2)


def _save_dest(number: int) -> bytes:
    label = attribute("label", f"D{number}") + attribute("property", "") + attribute("label", "E")
    return attribute("request", "save_dest") + attribute("ttl", str(_TTL)) + label + b"\0"


#: What was noted of a process, by its number and what it is.
_NOTED: dict[tuple[int, str], int] = {}

#: Bytes by which a process may grow: what its allocator rounds up to, and less than any leak adds.
_GROWTH = 160 * 1024


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def _memory(pid: int) -> int:
    """Resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _note(what: str, measure: Callable[[int], int]) -> OnDaemon:
    def note(daemon: Daemon, _peers: Mapping[str, Peer]) -> str | None:
        pid = _pid(daemon)
        _NOTED[pid, what] = measure(pid)
        return None

    return note


def _compare(what: str, measure: Callable[[int], int], most: int) -> OnDaemon:
    def compare(daemon: Daemon, _peers: Mapping[str, Peer]) -> str | None:
        pid = _pid(daemon)
        before, now = _NOTED.pop((pid, what)), measure(pid)
        return f"{what}: {before} before, {now} now" if now - before > most else None

    return compare


#: What each does. It gets the daemon and its clients, and returns what is wrong,
#: None where all is well. Raises UnavailableError for a daemon without a process of its own.
PROCESS_STEPS: Mapping[ProcessStep, OnDaemon] = {
    ProcessStep.FREEZE: _freeze,
    ProcessStep.THAW: _thaw,
    ProcessStep.NO_MORE_DESCRIPTORS: _no_more_descriptors,
    ProcessStep.NEWEST_CLOSES_ON_EXEC: _closes_on_exec,
    ProcessStep.FLAT_COST: _flat_cost,
    ProcessStep.NOTE_DESCRIPTORS: _note("open descriptors", _descriptors),
    ProcessStep.COMPARE_DESCRIPTORS: _compare("open descriptors", _descriptors, 0),
    ProcessStep.NOTE_MEMORY: _note("resident bytes", _memory),
    ProcessStep.COMPARE_MEMORY: _compare("resident bytes", _memory, _GROWTH),
    ProcessStep.COME_AND_GO: come_and_go,
    ProcessStep.KEEP_MANY: keep_many,
}
