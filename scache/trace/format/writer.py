"""Writing a trace file, event by event."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scache.files import naming
from scache.trace.format import compression
from scache.trace.format.events import Event, Header
from scache.trace.format.line import encode_event, encode_header

__all__ = ["TraceWriter"]

#: Lines are handed to the file in portions of this many.
PORTION = 512


class TraceWriter:
    """A new trace file. Every call raises OSError where the disk can't take it.

    Raises FileExistsError where the file exists: a trace is never overwritten.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._stream, self._file = compression.create(path)
        self._lines = [encode_header(header)]
        try:
            self.flush()
        except BaseException:
            path.unlink()
            for file in (self._stream, self._file):
                with suppress(OSError, ValueError):  # they try to write once more
                    file.close()
            raise

    def write(self, event: Event) -> None:
        """Add an event; it is in the file for good after flush() or close()."""
        self._lines.append(encode_event(event))
        if len(self._lines) >= PORTION:
            self._hand_over()

    def flush(self) -> None:
        """Hand all events so far to the operating system, so that a kill loses none of them."""
        with naming(self.path):
            self._hand_over()
            self._stream.flush()
            self._file.flush()

    def size(self) -> int:
        """Bytes that the file has on disk, as of the last flush."""
        return self._file.tell()

    def close(self) -> None:
        """Write what is left and close the file; it is closed in any case."""
        with naming(self.path):
            try:
                self._hand_over()
                self._stream.close()
            finally:
                self._file.close()

    def __enter__(self) -> TraceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_over(self) -> None:
        if self._lines:
            lines, self._lines = self._lines, []
            with naming(self.path):
                self._stream.write(("\n".join(lines) + "\n").encode())
