"""master(8)'s part for one daemon that is reloaded again and again, and the daemons that hand over."""

from __future__ import annotations

import ctypes
import os
import select
import signal
from contextlib import suppress
from pathlib import Path

from conformance.benchmark.daemons import await_announcement
from conformance.postfix.directories import Instance
from conformance.postfix.master import Child, arguments, own_daemon, spawn
from conformance.soak.limited_daemon import LIMIT

__all__ = ["Master"]

_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans become this process's children

#: What the daemon is told: to keep everything, whatever happens.
_OPTIONS = {
    "scache_handover": "yes",
    "scache_keep_unclaimed": "yes",
    "scache_watch": "yes",
    "connection_cache_ttl_limit": "1d",
    "max_idle": "1d",
}


class Master:
    """To be used in a `with` statement. `child`: the daemon that serves. open_files: its limit."""

    def __init__(self, open_files: int) -> None:
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.instance = Instance()
        self._environment = {**self.instance.environment(), LIMIT: str(open_files)}
        self._log: list[str] = []
        self.child = self._spawn()

    def __enter__(self) -> Master:
        return self

    def __exit__(self, *_error: object) -> None:
        self.child.kill()
        for pid in self._orphans():
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.instance.close()

    def _spawn(self) -> Child:
        words = arguments(_OPTIONS, change_user=os.geteuid() == 0)
        command = own_daemon("conformance.soak.limited_daemon")
        return spawn(command, words, self._environment, self.instance.queue, self.instance.listener)

    def await_service(self) -> None:
        """Wait until the daemon speaks to who connects. Raises RemoteError where it doesn't."""
        await_announcement("ours", self.instance.path, self.child.pid)

    def reload(self) -> int:
        """Have the daemon end and another one take over, as at `postfix reload`; its exit status."""
        watch = os.pidfd_open(self.child.pid)
        try:
            self.child.close_status()
            select.select([watch], [], [])
        finally:
            os.close(watch)
        status = self.child.exit_status()
        self.child = self._spawn()
        return -1 if status is None else status

    def hands_over(self) -> bool:
        """Whether a daemon that has ended is still passing on what it had."""
        for pid in self._orphans():
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        return bool(self._orphans())

    def log(self) -> list[str]:
        """All that the daemons have logged so far."""
        self.child.drain()
        self._log += self.instance.read_log()
        return self._log

    def descriptors(self) -> int:
        """How many files the daemon has open."""
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def _orphans(self) -> list[int]:
        """The processes that the daemons left behind: each changes its parent when that ends."""
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return [pid for pid in map(int, children) if pid != self.child.pid and _is_daemon(pid)]


def _is_daemon(pid: int) -> bool:
    """Whether a child of this process runs the daemon: others are those who load it."""
    with suppress(OSError):
        return b"limited_daemon" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
