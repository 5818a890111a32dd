"""What the kernel knows of a process: CPU time, memory; and which processor it runs on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CpuTime", "cpu_time", "generator_processors", "memory", "processors", "server_processors"]

CLOCK_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PROCESSORS = sorted(os.sched_getaffinity(0))


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


def memory(pid: int, field: str = "VmRSS") -> int:
    """Bytes resident now (VmRSS) or at most so far (VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise LookupError(f"/proc/{pid}/status has no {field}")


def processors() -> Sequence[int]:
    """All that were allowed when the program began."""
    return _PROCESSORS


def server_processors() -> Sequence[int]:
    """The processor that is the daemon's alone.

    Left to itself, the kernel now and then puts the two ends of a conversation on one processor, which
    doubles or halves the figures from one run to the next.
    """
    return _PROCESSORS[:1]


def generator_processors() -> Sequence[int]:
    """The processors of everything else; the daemon's own where there is no other."""
    return _PROCESSORS[1:] or _PROCESSORS
