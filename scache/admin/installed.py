"""What of an installation is on this machine, and what keeps its files from being changed."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from scache.admin.check.finding import Kind
from scache.admin.check.installation import IMMUTABLE, MOUNTED, PROGRAM_NAME, READ_ONLY, Installed, mounts
from scache.admin.configuration import Configuration
from scache.admin.record import Record
from scache.admin.zipapp import MARK

__all__ = ["installed_in", "is_ours"]

#: FS_IOC_GETFLAGS of linux/fs.h, on machines whose long has eight bytes, and its flags of files that stay.
_GET_FLAGS = 0x80086601
_STAYS = 0x10 | 0x20  # immutable, append only


def installed_in(configuration: Configuration) -> Installed:
    """What of an installation is there, on this machine."""
    program = Path(configuration.main().text("daemon_directory"), PROGRAM_NAME)
    record = Record.of(Path(configuration.directory))
    return Installed(
        has_record=record is not None,
        is_settled=record is None or record.is_settled,
        program=str(program),
        is_foreign=program.exists() and not is_ours(program),
        fixed=_fixed(configuration.directory, program),
    )


def is_ours(path: Path) -> bool:
    """Whether a file is the program."""
    try:
        return MARK in path.read_bytes()[:200]
    except OSError:
        return False


def _fixed(directory: str, program: Path) -> dict[str, Kind]:
    """The files and directories that can't be changed, and what keeps them."""
    found: dict[str, Kind] = {}
    mounted = _mounts()
    for path in (f"{directory}/main.cf", f"{directory}/master.cf", str(program)):
        if os.path.realpath(path) in mounted:
            found[path] = MOUNTED
        elif _is_immutable(path):
            found[path] = IMMUTABLE
    behind = os.path.dirname(os.path.realpath(f"{directory}/master.cf"))
    for path in (directory, behind, str(program.parent)):
        if _is_read_only(path):
            found[path] = READ_ONLY
        elif _is_immutable(path):
            found[path] = IMMUTABLE
    return found


def _mounts() -> frozenset[str]:
    try:
        return mounts(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    except OSError:
        return frozenset()


def _is_immutable(path: str) -> bool:
    """Whether chattr(1) has set a flag that keeps a file from being replaced."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        flags = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8))
        return bool(int.from_bytes(flags, "little") & _STAYS)
    except OSError:  # a file system without such flags
        return False
    finally:
        os.close(descriptor)


def _is_read_only(path: str) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
