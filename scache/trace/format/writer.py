"""Writing a trace file, event by event."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scache.files import naming
from scache.trace.format import compression
from scache.trace.format.events import Event, Header
from scache.trace.format.line import encode_event, encode_header

__all__ = ["TraceWriter"]

#: Characters that are handed to the file at once.
PORTION = 1 << 16


class TraceWriter:
    """A new trace file. Every call raises OSError where the disk can't take it.

    Raises FileExistsError where the file exists: a trace is never overwritten.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._stream, self._file = compression.create(path)
        self._lines = [encode_header(header)]
        self._waiting = 0
        self._whole = 0
        try:
            self.flush()
        except BaseException:
            path.unlink()
            self.abandon()
            raise

    def write(self, event: Event) -> None:
        """Add an event; it is in the file for good after flush() or close()."""
        line = encode_event(event)
        self._lines.append(line)
        self._waiting += len(line)
        if self._waiting >= PORTION:
            self._hand_over()

    def flush(self) -> None:
        """Hand all events so far to the operating system, so that a kill loses none of them."""
        with naming(self.path):
            self._hand_over()
            self._stream.flush()
            self._file.flush()
            self._whole = self._file.tell()

    def size(self) -> int:
        """Bytes that the file has on disk, as of the last flush."""
        return self._file.tell()

    def close(self) -> None:
        """Write what is left and close the file; it is closed in any case."""
        if self._file.closed:
            return
        with naming(self.path):
            try:
                self._hand_over()
                if self._stream is not self._file:
                    self._stream.close()
                self._file.flush()
            except OSError:
                self.abandon()
                raise
            self._file.close()

    def abandon(self) -> None:
        """Close the file where the last flush left it, so that it ends with a whole event; never raises."""
        if self._file.closed:
            return
        descriptor = os.dup(self._file.fileno())
        for stream in (self._stream, self._file):
            with suppress(OSError, ValueError):  # they try to write once more
                stream.close()
        with suppress(OSError):
            os.ftruncate(descriptor, self._whole)
        os.close(descriptor)

    def is_there(self) -> bool:
        """Whether the file still has its name: it could have been removed, or moved away."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        own = os.fstat(self._file.fileno())
        return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_over(self) -> None:
        if self._lines:
            lines, self._lines, self._waiting = self._lines, [], 0
            with naming(self.path):
                self._stream.write(("\n".join(lines) + "\n").encode())
