"""Acts and measurements on a daemon's process, for what a dialogue can't express; each is bounded."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from conformance.catalogue.language.dialogue import attribute
from conformance.catalogue.language.model import ProcessStep
from conformance.contract.target import Daemon, Peer
from conformance.runner.crowds import come_and_go, keep_many
from scache.errors import UnavailableError

__all__ = ["PROCESS_STEPS"]

OnDaemon = Callable[[Daemon, Mapping[str, Peer]], str | None]

_FEW, _MANY = 50, 12_000  # cached bindings between which the cost of a request is compared
_ASKED = 300  # requests of one measurement
_TTL = 100_000  # seconds that they live
#: Postfix's grows six times and more, a flat one by half at most, also on a machine that is busy.
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

    No clock decides: costs of one process are compared, of each kind that of the request which nothing else
    on the machine has disturbed, the cheapest. Few before and after, so that neither has the warmer cache.
    """
    pid = _pid(daemon)
    peer = peers["a"]
    _bind(peer, range(_FEW))
    few = _cost_of_refreshing(pid, peer, _FEW)
    _bind(peer, range(_FEW, _MANY))
    many = _cost_of_refreshing(pid, peer, _MANY)
    daemon.advance(_TTL)
    _bind(peer, range(_FEW))
    few = min(few, _cost_of_refreshing(pid, peer, _FEW))
    if many > _MOST_GROWTH * few:
        return f"{_MANY} bindings make a refresh {many / few:.1f} times as dear as {_FEW} do"
    return None


def _bind(peer: Peer, numbers: range) -> None:
    for number in numbers:
        peer.send(_save_dest(number))
        peer.receive()


def _cost_of_refreshing(pid: int, peer: Peer, cached: int) -> int:
    """Least processor time in nanoseconds that a refresh of one of the newest bindings takes."""
    costs = []
    for number in range(_ASKED):
        before = _nanoseconds(pid)
        peer.send(_save_dest(cached - 1 - number % _FEW))
        peer.receive()
        costs.append(_nanoseconds(pid) - before)
    return min(costs)


def _nanoseconds(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


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
