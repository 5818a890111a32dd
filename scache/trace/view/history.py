"""What became of each session of a trace, and why lookups found none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import floor
from typing import NamedTuple

from scache.cache.labels import difference, place
from scache.trace.exchanges.exchange import FAIL, OK, Exchange
from scache.trace.exchanges.labels import short_label
from scache.trace.exchanges.session_book import SessionBook
from scache.trace.format.events import Event, Kind

__all__ = ["CAUSES", "Asked", "History", "Session"]

#: Why a lookup found nothing, in a word each.
CAUSES = ("unknown", "differs", "expired", "taken", "ended", "unbound", "unsaved")

#: Labels about one place that are compared with one that is unknown.
_LOOKED_AT = 50


@dataclass(slots=True)
class Session:
    """A session in the cache, from one save to one find.

    saved, left: seconds since the trace's start; left is None while it is cached.
    end: `found`, `expired`, `ended` (the daemon did); empty while it is cached. saver, finder: connections.
    """

    label: bytes
    saved: float
    saver: int
    left: float | None = None
    end: str = ""
    finder: int | None = None


class Asked(NamedTuple):
    """An exchange, beside what is known of it. session: its number. cause: one of CAUSES; text says more."""

    exchange: Exchange
    session: int | None
    cause: str
    text: str


@dataclass(slots=True)
class History:
    """Takes a trace's events, and behind each the exchanges that it completed.

    start: of the trace, in seconds since the epoch. connections: number -> when it began and ended.
    """

    start: float
    ttl_limit: int
    sessions: list[Session] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    connections: dict[int, tuple[float, float | None]] = field(default_factory=dict)
    last: float = 0.0
    _cached: dict[str, int] = field(default_factory=dict)
    _newest: dict[bytes, int] = field(default_factory=dict)
    _bound: defaultdict[bytes, dict[bytes, int]] = field(default_factory=lambda: defaultdict(dict))
    _about: defaultdict[bytes, dict[bytes, None]] = field(default_factory=lambda: defaultdict(dict))
    _book: SessionBook = field(init=False)

    def __post_init__(self) -> None:
        self._book = SessionBook(self.start, self.ttl_limit)

    def event(self, event: Event) -> None:
        """Take the next event."""
        self.last = max(self.last, event.at)
        begun, _ = self.connections.setdefault(event.connection, (event.at, None))
        if event.kind is Kind.CLOSE:
            self.connections[event.connection] = begun, event.at
        self._book.event(event)
        if self._cached and not len(self._book):  # the daemon has ended
            for number in self._cached.values():
                self._leave(number, event.at, "ended")
            self._cached.clear()
            self._bound.clear()

    def exchange(self, exchange: Exchange) -> None:
        """Take the next exchange."""
        session, cause, text = None, "", ""
        for departure in self._book.exchange(exchange):
            number = self._cached.pop(departure.token)
            if departure.found:
                session = number
            self._leave(number, departure.at, "found" if departure.found else "expired", exchange.connection)
        if exchange.status == OK and exchange.request == "save_endp" and exchange.token is not None:
            session = self._save(exchange, exchange.token)
        elif exchange.status == OK and exchange.request == "save_dest" and len(exchange.labels) > 1:
            self._bind(exchange)
        elif exchange.status == FAIL and exchange.is_find and exchange.labels:
            cause, text = self._cause(exchange)
        self.asked.append(Asked(exchange, session, cause, text))

    def _save(self, exchange: Exchange, token: str) -> int:
        label = exchange.labels[0] if exchange.labels else b""
        number = len(self.sessions)
        self.sessions.append(Session(label, exchange.answered, exchange.connection))
        self._cached[token] = number
        self._newest[label] = number
        self._know(label)
        return number

    def _bind(self, exchange: Exchange) -> None:
        destination, endpoint = exchange.labels[:2]
        due = floor(self.start + exchange.answered) + min(exchange.ttl, self.ttl_limit)
        self._bound[destination].pop(endpoint, None)
        self._bound[destination][endpoint] = due
        self._know(destination)

    def _know(self, label: bytes) -> None:
        where = place(label)
        if where is not None:
            self._about[where][label] = None

    def _leave(self, number: int, at: float, end: str, finder: int | None = None) -> None:
        session = self.sessions[number]
        session.left, session.end = at, end
        session.finder = finder if end == "found" else None

    def _cause(self, exchange: Exchange) -> tuple[str, str]:
        label, now = exchange.labels[0], exchange.answered
        if exchange.request == "find_endp":
            return self._of_endpoint(label, now, exchange.connection)
        bound = self._bound.get(label)
        if not bound:
            return self._near(label) or ("unknown", "nobody has bound this destination to an endpoint")
        endpoint, due = max(bound.items(), key=lambda each: each[1])
        ago = self.start + now - due
        if ago >= 0:
            return "unbound", f"its binding expired {_seconds(ago)} ago"
        cause, text = self._of_endpoint(endpoint, now, exchange.connection)
        cause = "unsaved" if cause == "unknown" else cause
        return cause, f"bound to {short_label(endpoint)}, but {text}"

    def _of_endpoint(self, label: bytes, now: float, connection: int) -> tuple[str, str]:
        number = self._newest.get(label)
        if number is None:
            return self._near(label) or ("unknown", "nobody has saved a session for this endpoint")
        session = self.sessions[number]
        if session.left is None:
            return "unknown", "its session should still be there"
        ago = _seconds(now - session.left)
        if session.end == "found":
            whom = "this client" if session.finder == connection else f"client {session.finder}"
            return "taken", f"its last session was taken by {whom} {ago} ago"
        if session.end == "ended":
            return "ended", f"the daemon ended {ago} ago, and its sessions with it"
        return "expired", f"its last session expired {ago} ago"

    def _near(self, label: bytes) -> tuple[str, str] | None:
        where = place(label)
        for known in list(self._about.get(where or b"", ()))[-_LOOKED_AT:]:
            if (name := difference(label, known)) is not None:
                return (
                    "differs",
                    f"only {short_label(known)} is known, which differs in its {name}",
                )
        return None


def _seconds(duration: float) -> str:
    return f"{duration:.1f} s" if duration < 10 else f"{duration:.0f} s"
