"""The trace that a recorder writes: in parts, kept up to date on disk, and given up when the disk is full."""

from __future__ import annotations

import contextlib
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
    redact: write pseudonyms for names. say: is given a line when the disk takes no more; events are dropped
    from then on.
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
        self._redaction = Redaction() if redact else None
        self._start = round(clock.now(), 6)
        self._header = replace(header, start=self._start, redacted=redact)
        self._open: set[int] = set()
        self._since_look = 0
        self._flushed = 0.0
        self._failed = False
        try:
            self._writer = TraceWriter(path, self._header)
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
        if self._failed:
            return
        try:
            for written in self._redaction.redact(event) if self._redaction else (event,):
                self._writer.write(written)
            self._since_look += 1
            if self._rotate is not None and self._since_look >= LOOK:
                self._begin_part_if_due(self._rotate)
        except OSError as error:
            self._give_up(error)

    def keep_up(self) -> None:
        """See to it that no event is older than a second before it is in the file."""
        now = self._clock.now()
        if self._failed or abs(now - self._flushed) < FLUSH:
            return
        self._flushed = now
        try:
            self._writer.flush()
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Write what is left and close the file."""
        if not self._failed:
            try:
                self._writer.close()
            except OSError as error:
                self._give_up(error)

    def _begin_part_if_due(self, most: int) -> None:
        self._since_look = 0
        self._writer.flush()
        if self._writer.size() < most:
            return
        self._writer.close()
        self._header = replace(self._header, part=self._header.part + 1, continued=tuple(sorted(self._open)))
        self._writer = TraceWriter(part_path(self._path, self._header.part), self._header)

    def _give_up(self, error: OSError) -> None:
        self._failed = True
        self._say(f"{self._writer.path}: {error.strerror}; going on without recording")
        with contextlib.suppress(OSError):
            self._writer.close()
