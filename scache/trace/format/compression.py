"""Trace files on disk: plain, gzip (`.gz`) or zstd (`.zst`), by the name of the file."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from scache.errors import UnavailableError

__all__ = ["DAMAGE", "create", "damage_of", "open_for_reading"]

#: What reading a damaged compressed file raises, zstandard's own error aside (see damage_of).
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)


def open_for_reading(path: Path) -> tuple[BinaryIO, BinaryIO]:
    """The uncompressed stream, and the file under it (of which tell() says how far the reading is).

    Raises OSError, and UnavailableError for a zstd file without the zstandard library.
    """
    library = _zstandard(path) if path.suffix == ".zst" else None
    raw = path.open("rb")
    if library is not None:
        return io.BufferedReader(library.ZstdDecompressor().stream_reader(raw)), raw
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw)), raw
    return raw, raw


def create(path: Path) -> tuple[BinaryIO, BinaryIO]:
    """A new file to write uncompressed bytes to, and the file under it (of which tell() says its size).

    Only its owner can read it: what is in it says who writes to whom. Raises FileExistsError where the file
    exists: nothing is overwritten. Close both, this order.
    """
    library = _zstandard(path) if path.suffix == ".zst" else None
    raw = open(path, "xb", opener=_private)  # noqa: SIM115  (the caller's to close)
    if library is not None:
        return cast(BinaryIO, library.ZstdCompressor().stream_writer(raw, closefd=False)), raw
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0)), raw
    return raw, raw


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def damage_of(path: Path) -> tuple[type[Exception], ...]:
    """The exceptions by which reading this file says that it is damaged."""
    return (*DAMAGE, _zstandard(path).ZstdError) if path.suffix == ".zst" else DAMAGE


def _zstandard(path: Path) -> Any:
    try:
        import zstandard
    except ImportError:
        raise UnavailableError(f"{path}: a .zst file needs the Python library zstandard") from None
    return zstandard
