"""A socket of the bench's own at /dev/log, for one child and nobody else.

So the log of a program that knows syslog(3) alone (Postfix before 3.4) is caught, and the machine's own /dev
isn't touched: the child gets a mount namespace of its own, and in it a /dev that is all links but for `log`.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["DeviceLog"]

_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000

_libc = ctypes.CDLL(None, use_errno=True)


class DeviceLog:
    """What a child needs to find `socket` at /dev/log; made before the fork."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._dev, self._outer = _links()

    def enter(self) -> None:
        """In the new process, before it executes its program. Raises OSError where root may not mount."""
        _check(_libc.unshare(_CLONE_NEWNS))
        # What is mounted from here on is nobody else's business.
        _mount(None, Path("/"), _MS_REC | _MS_PRIVATE)
        _mount(Path("/dev"), self._outer, _MS_BIND | _MS_REC)
        _mount(self._dev, Path("/dev"), _MS_BIND)
        _mount(self._socket, Path("/dev/log"), _MS_BIND)


@functools.cache
def _links() -> tuple[Path, Path]:
    """A directory of links to all that is in /dev, and the one where they find it; once a process."""
    base = Path(tempfile.mkdtemp(prefix="scache-dev-"))
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    base.chmod(0o755)
    dev, outer = base / "dev", base / "outer"
    for directory in (dev, outer):
        directory.mkdir(mode=0o755)
    for name in os.listdir("/dev"):
        if name != "log":
            (dev / name).symlink_to(outer / name)
    (dev / "log").touch()
    return dev, outer


def _mount(source: Path | None, target: Path, flags: int) -> None:
    origin = None if source is None else os.fsencode(source)
    _check(_libc.mount(origin, os.fsencode(target), None, ctypes.c_ulong(flags), None))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
