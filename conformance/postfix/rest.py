"""When is a single-threaded daemon at rest? When its thread sleeps in a call that waits for somebody.

A write to a socket wakes its reader before the write returns. So a daemon that is seen asleep in epoll_wait
after our write has dealt with what we wrote: no waiting for a fixed time is needed.
"""

from __future__ import annotations

import enum
import os
import platform
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

from conformance.contract.target import RestlessError

__all__ = ["ProcessWatch", "Rest", "sees_other_users", "supported", "wait_for_rest"]

_QUICK_LOOKS = 200
_LOOK_INTERVAL = 0.001  # seconds
_MOST_CPU = 1.0  # seconds of processor time without rest: a busy loop
_MOST_WAITING = 20.0  # seconds of real time without rest or any processor time: it hangs


class Rest(enum.Enum):
    """How a daemon is at rest."""

    IDLE = "waits for any event"
    BLOCKED = "waits for one client"
    ENDED = "has ended"


#: System call numbers by machine: epoll_wait, epoll_pwait, epoll_pwait2 | poll, ppoll, recvfrom, recvmsg.
_CALLS: dict[str, tuple[frozenset[int], frozenset[int]]] = {
    "x86_64": (frozenset({232, 281, 441}), frozenset({7, 271, 45, 47})),
    "aarch64": (frozenset({22, 441}), frozenset({73, 207, 212})),
}
#: poll(2) with its time limit as a number; ppoll, which other machines have instead, points to it.
_POLL = {"x86_64": 7, "aarch64": None}
_CAP_SYS_PTRACE = 1 << 19
_LARGEST_INT = 0x7FFFFFFF
_TICKS = os.sysconf("SC_CLK_TCK")


def supported() -> bool:
    """Whether this machine shows what its processes wait for, in a form that is known here."""
    return platform.machine() in _CALLS and os.path.exists("/proc/self/syscall")


def sees_other_users() -> bool:
    """Whether this process may look at one that has changed its user (capabilities(7): CAP_SYS_PTRACE)."""
    fields = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return bool(int(fields["CapEff"], 16) & _CAP_SYS_PTRACE)


class ProcessWatch:
    """Looks at one process through /proc; holds two descriptors until `close`."""

    def __init__(self, pid: int) -> None:
        self._idle, self._blocked = _CALLS[platform.machine()]
        self._poll = _POLL[platform.machine()]
        # Kept open, so that a look is two system calls.
        self._stat = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._syscall = os.open(f"/proc/{pid}/syscall", os.O_RDONLY | os.O_CLOEXEC)

    def rest(self) -> Rest | None:
        """How the process is at rest, None while it works (runs, starts, writes, reads a file)."""
        try:
            # The state first: a process that is being woken still shows its call, but no longer sleeps.
            if self._stat_fields()[0] != b"S":
                return None
            call = self._call()[0]
        except ProcessLookupError:
            return Rest.ENDED
        if call in self._idle:
            return Rest.IDLE
        return Rest.BLOCKED if call in self._blocked else None

    def poll_timeout(self) -> float | None:
        """Time limit in seconds of the poll(2) that the process sleeps in; None elsewhere or without one."""
        try:
            call, *arguments = self._call()
        except ProcessLookupError:
            return None
        if call != self._poll or arguments[2] > _LARGEST_INT:
            return None
        return arguments[2] / 1000

    def cpu_seconds(self) -> float:
        """Processor time that the process has used, in seconds; 0.0 once it is gone."""
        try:
            user, system = self._stat_fields()[11:13]
        except ProcessLookupError:
            return 0.0
        return (int(user) + int(system)) / _TICKS

    def close(self) -> None:
        """Let go of the process."""
        os.close(self._stat)
        os.close(self._syscall)

    def _stat_fields(self) -> list[bytes]:
        """Fields of proc_pid_stat(5) from the third, the state, on (the second may hold blanks)."""
        return os.pread(self._stat, 1024, 0).rpartition(b")")[2].split()

    def _call(self) -> list[int]:
        """Number and six arguments of the system call that the process sleeps in; [-1] while it doesn't."""
        words = os.pread(self._syscall, 256, 0).split()
        return [int(word, 0) for word in words[:7]] if len(words) >= 7 else [-1]


def wait_for_rest(
    watch: ProcessWatch,
    look: Callable[[], Rest | None],
    enough: Callable[[Rest], bool],
    sign_of_life: socket.socket,
) -> Rest:
    """Look again and again until the process is at rest in a way that is enough.

    After some quick looks, the next one comes when `sign_of_life` is readable, or a millisecond later.
    Raises RestlessError for a busy loop, and for a process that hangs in something else than waiting.
    """
    looks = 0
    heard_of = time.monotonic()
    cpu_before = cpu_seen = watch.cpu_seconds()
    while True:
        rest = look()
        if rest is not None and enough(rest):
            return rest
        looks += 1
        if looks < _QUICK_LOOKS:
            os.sched_yield()
            continue
        select.select([sign_of_life], [], [], _LOOK_INTERVAL)
        cpu = watch.cpu_seconds()
        if cpu - cpu_before > _MOST_CPU:
            raise RestlessError(f"the daemon has computed for {_MOST_CPU:g} s without coming to rest")
        if cpu > cpu_seen:  # slowly, where others need the machine, but it goes on
            cpu_seen, heard_of = cpu, time.monotonic()
        elif time.monotonic() - heard_of > _MOST_WAITING:
            raise RestlessError(f"the daemon has not come to rest in {_MOST_WAITING:g} s")
