"""A trace made of another one: complete, or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from scache.errors import UsageError
from scache.trace.format.events import Header
from scache.trace.format.writer import TraceWriter

__all__ = ["new_trace"]


@contextmanager
def new_trace(path: Path, header: Header) -> Iterator[TraceWriter]:
    """A new trace file; removed again where what writes it fails.

    Raises UsageError where the file exists, OSError where it can't be written.
    """
    try:
        writer = TraceWriter(path, header)
    except FileExistsError:
        raise UsageError(f"{path}: exists already, and nothing is overwritten") from None
    try:
        yield writer
        writer.close()
    except BaseException:
        with suppress(OSError):
            writer.close()
        path.unlink()
        raise
