"""A clock for an unmodified program: libfaketime reads the time from a file, and the bench writes that file.

The time in the file stands still until the file is replaced. It governs what the program is told by time(2)
and its like; the kernel's own time-outs (poll, epoll_wait, alarm) go on in real time.
"""

from __future__ import annotations

import datetime
from pathlib import Path

__all__ = ["FakeClock", "clean_up_shared_memory", "find_library"]

_PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
_SHARED_MEMORY = Path("/dev/shm")


def find_library() -> Path | None:
    """libfaketime as Debian's package `faketime` and other systems install it; None where there is none."""
    for place in _PLACES:
        found = sorted(Path("/").glob(f"{place[1:]}/libfaketime.so.1"))
        if found:
            return found[0]
    return None


class FakeClock:
    """The time that programs started with `environment()` see, in whole seconds since the epoch."""

    def __init__(self, library: Path, file: Path, now: int) -> None:
        self._library = library
        self._file = file
        self._now = now
        self.advance(0)

    def advance(self, seconds: int) -> None:
        """Move the time of all programs that look at this clock, at once and whole (the file is replaced)."""
        self._now += seconds
        moment = datetime.datetime.fromtimestamp(self._now, datetime.UTC)
        new = self._file.with_suffix(".new")
        # A leading "@" would mean "start at"; without it the time stands still.
        new.write_text(f"{moment:%Y-%m-%d %H:%M:%S}\n")
        new.chmod(0o644)
        new.replace(self._file)

    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to live by this clock."""
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # Without this a Postfix daemon compares a fake now with main.cf's real age, and waits for ever.
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }


def clean_up_shared_memory(pid: int) -> None:
    """Remove what libfaketime left in /dev/shm for a process that was killed."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        (_SHARED_MEMORY / name).unlink(missing_ok=True)
