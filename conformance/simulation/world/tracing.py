"""Writes what the clients of a world did and saw as a trace (docs/trace-format.md)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from conformance.simulation.actors.end import End
from scache.simulated import OpenFile
from scache.simulated.clock import VirtualClock
from scache.trace.format.events import Event, Kind, Side

__all__ = ["Scribe"]


class Scribe:
    """Notes the traffic of clients' ends. Sessions get tokens S1, S2... in order of appearance.

    record takes each event.
    """

    def __init__(self, clock: VirtualClock, record: Callable[[Event], None]) -> None:
        self._clock = clock
        self._start = clock.now()
        self._record = record
        self._connections = 0
        self._tokens: dict[OpenFile, str] = {}

    def attend(self, end: End) -> End:
        """The same end, whose traffic is noted from now on."""
        self._connections += 1
        self.note(self._connections, Kind.OPEN, Side.CLIENT)
        return _AttendedEnd(end, self, self._connections)

    def note(
        self,
        connection: int,
        kind: Kind,
        side: Side,
        data: bytes = b"",
        files: tuple[OpenFile, ...] = (),
    ) -> None:
        """Record what happened just now."""
        tokens = tuple(self._tokens.setdefault(file, f"S{len(self._tokens) + 1}") for file in files)
        at = round(self._clock.now() - self._start, 6)
        self._record(Event(at, connection, kind, side, data, tokens))


class _AttendedEnd:
    """A client's end whose traffic a scribe notes."""

    def __init__(self, end: End, scribe: Scribe, connection: int) -> None:
        self._end = end
        self._scribe = scribe
        self._connection = connection

    @property
    def incoming(self) -> deque[tuple[bytes, tuple[OpenFile, ...]]]:
        return self._end.incoming

    @property
    def unread(self) -> int:
        return self._end.unread

    @property
    def input_ended(self) -> bool:
        return self._end.input_ended

    def send(self, data: bytes, files: tuple[OpenFile, ...] = ()) -> int:
        sent = self._end.send(data, files)
        if sent:
            self._scribe.note(self._connection, Kind.DATA, Side.CLIENT, data[:sent], files)
        return sent

    def receive_message(self, limit: int) -> tuple[bytes, tuple[OpenFile, ...]]:
        data, files = self._end.receive_message(limit)
        if data:
            self._scribe.note(self._connection, Kind.DATA, Side.SERVER, data, files)
        else:
            self._scribe.note(self._connection, Kind.CLOSE, Side.SERVER)
        return data, files

    def shutdown(self) -> None:
        self._scribe.note(self._connection, Kind.END, Side.CLIENT)
        self._end.shutdown()

    def release(self) -> None:
        if not self._end.input_ended:
            self._scribe.note(self._connection, Kind.CLOSE, Side.CLIENT)
        self._end.release()
