"""Reading a trace file: its header, then its events one by one, so that memory doesn't grow with the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from scache.errors import TraceError
from scache.trace.format import compression
from scache.trace.format.event_order import EventOrder
from scache.trace.format.events import Event
from scache.trace.format.line import decode_event, decode_header
from scache.trace.format.versions import current_version

__all__ = ["TraceReader"]

#: Bytes; a longer line is damage, and so is a longer document of version 0. Read as JSON, either takes many
#: times as much memory. The recorder's longest lines hold some 64 KB of data.
LONGEST_LINE = 1 << 20

#: How many times as long as on disk a trace may be. Real traffic comes to some 20.
MOST_EXPANSION = 100

#: Bytes of a trace that are read however short the file is.
ALWAYS_READ = 1 << 22


class TraceReader:
    """A trace file, open for one pass over its events.

    report: is given one line where the file ends in the middle of an event; the events before it are used.
    Raises TraceError (`FILE:LINE: reason`) for damage, here or while the events are read, OSError where the
    file can't be read, UnavailableError where the library that its compression needs is missing.
    """

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self.path = path
        self.line = 0  #: number of the line read last
        self._report = report
        self._read = 0
        self._damage = compression.damage_of(path)
        self._stream, self._file = compression.open_for_reading(path)
        try:
            self._objects = current_version(self._read_objects())
            self.header = decode_header(next(self._objects))
        except TraceError as error:
            self.close()
            raise self._located(error) from None
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Event]:
        order = EventOrder(self.header)
        try:
            for fields in self._objects:
                event = decode_event(fields)
                order.check(event)
                yield event
        except TraceError as error:
            raise self._located(error) from None

    def position(self) -> int:
        """Bytes of the file on disk that are read so far."""
        return self._file.tell()

    def size(self) -> int:
        """Bytes of the file on disk."""
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._file.close()

    def __enter__(self) -> TraceReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_objects(self) -> Iterator[dict[str, Any]]:
        """The JSON object of each line; a file of version 0 is one object over many lines."""
        for line in self._read_lines():
            try:
                fields = _from_json(line.decode())
            except (ValueError, RecursionError) as error:
                if self.line == 1:
                    fields = self._whole_document(line, error)
                elif not line.endswith(b"\n"):
                    self._report(
                        f"{self.path}:{self.line}: the file ends in the middle of this line; not used"
                    )
                    return
                else:
                    raise TraceError(_why(error)) from None
            if not isinstance(fields, dict):
                raise TraceError("not a JSON object")
            yield fields

    def _read_lines(self) -> Iterator[bytes]:
        readline = self._stream.readline
        while True:
            try:
                line = readline(LONGEST_LINE)
            except EOFError:
                if self.line == 0:
                    raise TraceError("the compressed file ends too early") from None
                self._report(
                    f"{self.path}:{self.line + 1}: the compressed file ends too early; not used from here"
                )
                return
            except self._damage as error:
                self.line += 1
                raise TraceError(f"damaged compression: {error}") from None
            if not line:
                return
            self.line += 1
            if len(line) == LONGEST_LINE:
                raise TraceError(f"longer than {LONGEST_LINE} bytes")
            self._read += len(line)
            if self._read > ALWAYS_READ and self._read > MOST_EXPANSION * self._file.tell():
                raise TraceError(
                    f"more than {MOST_EXPANSION} times as long as it is compressed; if you trust it,"
                    " decompress it first"
                )
            yield line

    def _whole_document(self, start: bytes, error: Exception) -> Any:
        document = bytearray(start)
        for line in self._read_lines():
            document += line
            if len(document) > LONGEST_LINE:
                raise TraceError(f"a document of version 0 that is longer than {LONGEST_LINE} bytes")
        self.line = 1
        try:
            return _json.decode(document.decode())
        except (ValueError, RecursionError):
            raise TraceError(_why(error)) from None

    def _located(self, error: TraceError) -> TraceError:
        return TraceError(f"{self.path}:{max(self.line, 1)}: {error}")


def _no_constant(name: str) -> float:
    """JSON has no NaN and no Infinity, though Python's decoder takes them."""
    raise ValueError(f"{name} is no number")


_json = json.JSONDecoder(parse_constant=_no_constant)


def _from_json(text: str) -> Any:
    """As _json.decode, and faster where nothing surrounds the object but the newline."""
    fields, end = _json.raw_decode(text)
    return fields if text[end:] in ("\n", "") else _json.decode(text)


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"wrong JSON: {error.msg} at column {error.colno}"
    return f"wrong JSON: {error}"
