"""What the kernel knows of a process: CPU time, memory, processors."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from scache.errors import UnavailableError

__all__ = ["CpuTime", "apart", "cpu_time", "machine_cpu_time", "memory", "processors"]

CLOCK_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of CPU that a process has used; user and system in ticks of 10 ms, total in nanoseconds."""

    total: float
    user: float
    system: float

    def __sub__(self, other: CpuTime) -> CpuTime:
        return CpuTime(self.total - other.total, self.user - other.user, self.system - other.system)


def cpu_time(pid: int) -> CpuTime:
    """What all threads of the process have used so far (/proc/PID/task/*/schedstat and /proc/PID/stat)."""
    tasks = Path(f"/proc/{pid}/task")
    total = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return CpuTime(total / 1e9, int(fields[11]) * CLOCK_TICK, int(fields[12]) * CLOCK_TICK)


def machine_cpu_time() -> float:
    """Seconds of CPU that all processors together have been at work so far (/proc/stat), for whomever."""
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = map(
        int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8]
    )
    return (user + nice + system + interrupts + soft_interrupts) * CLOCK_TICK


def memory(pid: int, field: str = "VmRSS") -> int:
    """Bytes resident now (VmRSS) or at most so far (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise LookupError(f"/proc/{pid}/status has no {field}")


def processors() -> tuple[int, ...]:
    """All that this process may run on."""
    return tuple(sorted(os.sched_getaffinity(0)))


def apart() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Pinned: the processor that is the daemon's alone, and those of everything else.

    Raises UnavailableError on a machine with one processor.
    """
    allowed = processors()
    if len(allowed) == 1:
        raise UnavailableError("a daemon can't be pinned to a processor of its own: there is only one")
    return allowed[:1], allowed[1:]
