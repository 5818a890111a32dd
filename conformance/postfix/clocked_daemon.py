"""This project's daemon with a clock that moves only when the bench moves it: `main` is such a process.

It is scache.postfix with another clock, and nothing else about it is different. The process imports this
module, so it imports no more than the daemon does.
"""

from __future__ import annotations

import os
import sys
import time

from scache.postfix.daemon import run

__all__ = ["FileClock", "main"]

#: Relative to the queue directory: a daemon that has made it its root directory still finds the file there.
_NAME = "clock"


class FileClock:
    """A clock that stands at the modification time of a file; its time zone is UTC. What has passed since it
    began is the file's access time: nobody reads the file.

    Setting these times moves the clock at once and whole. Asking for it takes no descriptor, so the daemon
    has as many as it would have otherwise.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    @classmethod
    def start(cls, queue_directory: str, now: int) -> FileClock:
        """The clock of the daemon that will live in this directory; seconds since the epoch."""
        path = os.path.join(queue_directory, _NAME)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        os.utime(path, (0, now))
        return cls(path)

    def now(self) -> float:
        """Seconds since the epoch."""
        return os.stat(self._path).st_mtime

    def monotonic(self) -> float:
        """Seconds that have passed since it began."""
        return os.stat(self._path).st_atime

    def text(self, seconds: int) -> str:
        """UTC as `Nov  3 11:10:00`."""
        return time.asctime(time.gmtime(seconds))[4:19]

    def advance(self, seconds: int) -> None:
        """Let so many seconds pass, or set the clock back. The daemon sees it when it looks next."""
        os.utime(self._path, (self.monotonic() + max(0, seconds), self.now() + seconds))

    def environment(self) -> dict[str, str]:
        """What the process needs in its environment to live by this clock."""
        return {}


def main() -> int:
    """Run the daemon with this process's arguments and environment, in a queue directory that has a clock."""
    return run(sys.argv[1:], os.environ, FileClock(_NAME))
