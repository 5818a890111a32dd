"""The trace that a recorder writes: in parts, kept up to date on disk, and begun again when it has room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from scache.daemon.interfaces import WallClock
from scache.errors import UsageError
from scache.trace.format.events import Event, Header, Kind
from scache.trace.format.writer import TraceWriter
from scache.trace.redact.redaction import Redaction

__all__ = ["Recording", "part_path"]

#: Seconds after which an event is in the file at the latest.
FLUSH = 1.0

#: Events between two looks at the file's size.
LOOK = 1000


def part_path(path: Path, part: int) -> Path:
    """Where a part goes: `traffic.jsonl.gz`, then `traffic.2.jsonl.gz`, ..."""
    if part == 1:
        return path
    stem, dot, suffixes = path.name.partition(".")
    return path.with_name(f"{stem}.{part}{dot}{suffixes}")


class Recording:
    """Where a recorder's events go.

    header: of the first part; its start is the clock's time now. rotate: bytes after which a new part begins.
    redact: write pseudonyms for names. say: is given a line when the disk takes no more, or the file is gone.
    Recording goes on in a new part once that is possible, whose header says how many events are missing.
    Raises UsageError where the file exists or can't be made.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        clock: WallClock,
        say: Callable[[str], None],
        *,
        rotate: int | None = None,
        redact: bool = False,
    ) -> None:
        self._path = path
        self._clock = clock
        self._say = say
        self._rotate = rotate
        self._start = round(clock.now(), 6)
        self._header = replace(header, start=self._start, redacted=redact)
        self._redaction = Redaction(self._start) if redact else None
        self._open: set[int] = set()
        self._since_look = 0
        self._since_flush = 0
        self._looked_after = 0.0
        self._missing = 0
        try:
            self._writer: TraceWriter | None = TraceWriter(path, self._header)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None

    def now(self) -> float:
        """Seconds since the recording's start."""
        return self._clock.now() - self._start

    def add(self, event: Event) -> None:
        """Record an event."""
        if event.kind is Kind.OPEN:
            self._open.add(event.connection)
        elif event.kind is Kind.CLOSE:
            self._open.discard(event.connection)
        for written in self._redaction.redact(event) if self._redaction else (event,):
            self._write(written)
        if self._rotate is not None and self._since_look >= LOOK:
            self._begin_part_if_due(self._rotate)

    def keep_up(self) -> None:
        """Once a second: see to it that all events are in the file, and that there is one."""
        now = self._clock.now()
        if abs(now - self._looked_after) < FLUSH:
            return
        self._looked_after = now
        if self._writer is None:
            self._begin_part(say_why_not=False)
        elif not self._writer.is_there():
            self._say(f"{self._writer.path}: is gone, with what was recorded in it; going on in a new part")
            self._close()
            self._begin_part(say_why_not=True)
        else:
            self._flush()

    def close(self) -> None:
        """Write what is left and close the file."""
        self._close()
        if self._missing:
            self._say(f"{self._path}: {self._missing} events are missing at the end")
            self._missing = 0

    def _write(self, event: Event) -> None:
        if self._writer is None:
            self._missing += 1
            return
        self._since_flush += 1
        self._since_look += 1
        try:
            self._writer.write(event)
        except OSError as error:
            self._give_up(self._writer, error)

    def _flush(self) -> None:
        if self._writer is not None:
            try:
                self._writer.flush()
                self._since_flush = 0
            except OSError as error:
                self._give_up(self._writer, error)

    def _close(self) -> None:
        writer = self._writer
        if writer is not None:
            try:
                writer.close()
                self._writer = None
                self._since_flush = 0
            except OSError as error:
                self._give_up(writer, error)

    def _begin_part_if_due(self, most: int) -> None:
        self._since_look = 0
        self._flush()
        if self._writer is not None and self._writer.size() >= most:
            self._close()
            self._begin_part(say_why_not=True)

    def _begin_part(self, *, say_why_not: bool) -> None:
        """Open the next part, if that is possible."""
        header = replace(
            self._header,
            part=self._header.part + 1,
            continued=tuple(sorted(self._open)),
            missing=self._missing,
        )
        path = part_path(self._path, header.part)
        try:
            self._writer = TraceWriter(path, header)
        except OSError as error:
            if say_why_not:
                self._say(f"{path}: {error.strerror}; going on without recording")
            return
        if self._missing:
            self._say(f"{path}: recording again; {self._missing} events are missing before it")
        self._header = header
        self._missing = 0

    def _give_up(self, writer: TraceWriter, error: OSError) -> None:
        self._say(f"{writer.path}: {error.strerror}; going on without recording")
        writer.abandon()
        self._writer = None
        self._missing += self._since_flush
        self._since_flush = 0
