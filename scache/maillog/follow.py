"""A mail log that grows: what was added since the last look, through rotations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from scache.maillog.line import Line, LineReader

__all__ = ["Follower"]


class Follower:
    """Reads a log from its present end on. Raises OSError where it can't be opened at first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("rb")
        self._file.seek(0, os.SEEK_END)
        self._unfinished = b""

    def close(self) -> None:
        """Look no more."""
        self._file.close()

    def lines(self) -> Iterator[Line]:
        """Those that are new and concern connection caching. A file that was rotated away is read up."""
        reader = LineReader(datetime.now())
        yield from self._new(reader)
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return  # between the two steps of a rotation
        ours = os.fstat(self._file.fileno())
        if (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino):
            successor = self._path.open("rb")
            yield from self._new(reader)  # what came in since
            self._file.close()
            self._file, self._unfinished = successor, b""
            yield from self._new(reader)
        elif named.st_size < self._file.tell():  # copied and cut off
            self._file.seek(0)
            self._unfinished = b""
            yield from self._new(reader)

    def _new(self, reader: LineReader) -> Iterator[Line]:
        *lines, self._unfinished = (self._unfinished + self._file.read()).split(b"\n")
        for text in lines:
            if (line := reader.line(text.decode("utf-8", "surrogateescape"))) is not None:
                yield line
