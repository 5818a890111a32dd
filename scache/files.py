"""Files that are written whole or not at all, and errors that say which file they are about."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scache.errors import UsageError

__all__ = ["check_writable", "naming", "write_whole"]


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError name this file: one that comes of a descriptor names none, one of a rename another."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def check_writable(path: Path, *, replace: bool = False) -> None:
    """Say before long work, not after it, that a file can't be written. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path}: is a directory")
    if path.is_file() and not replace:
        raise UsageError(f"{path}: exists already, and nothing is overwritten")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path}: its folder can't be written to")


def write_whole(
    path: Path,
    content: bytes,
    *,
    replace: bool = False,
    mode: int | None = None,
    owner: tuple[int, int] | None = None,
) -> None:
    """Write a file, whole or not at all. A device or pipe of that name is just written to.

    replace: put it in the place of another file. mode: exactly this one, whatever the umask. owner: uid, gid.
    Raises UsageError where the file exists and isn't to be replaced; OSError, which names the file.
    """
    if path.exists() and not path.is_file():
        with naming(path):
            path.write_bytes(content)
        return
    place = path.with_name(f".{path.name}.{os.getpid()}") if replace else path
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise UsageError(f"{place}: exists already, and nothing is overwritten") from None
    try:
        with naming(path), open(descriptor, "wb") as file:
            if owner is not None:
                os.fchown(descriptor, *owner)
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(content)
        if replace:
            with naming(path):
                os.replace(place, path)
    except BaseException:
        place.unlink()
        raise
