"""What a trace's exchanges come to: requests, hits, reuse, idle times, cached sessions.

Memory grows with the number of distinct labels, and with the sessions cached at once; not with the trace.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from scache.trace.exchanges.exchange import FAIL, OK, Exchange
from scache.trace.exchanges.session_book import SessionBook, duration_class
from scache.trace.figures.endings import Endings
from scache.trace.format.events import Event, Kind
from scache.trace.format.tokens import MEMORY

__all__ = ["Census", "Lookups"]


@dataclass(slots=True)
class Lookups:
    """Hits and misses of one label, or of one kind of lookup."""

    hits: int = 0
    misses: int = 0

    def count(self, hit: bool) -> None:
        """Add one."""
        if hit:
            self.hits += 1
        else:
            self.misses += 1

    @property
    def rate(self) -> float:
        """Share of hits, 0 to 1; 0 without a lookup."""
        total = self.hits + self.misses
        return self.hits / total if total else 0.0


@dataclass(slots=True)
class _Life:
    began: float
    last: float
    finds: int = 0


@dataclass(slots=True)
class Census:
    """Counts a trace. Call `event` and `exchange` in the trace's order, then `finish`."""

    start: float
    ttl_limit: int
    events: int = 0
    connections: int = 0
    open_connections: int = 0
    most_connections: int = 0
    last: float = 0.0
    requests: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    by_kind: dict[str, Lookups] = field(default_factory=dict)
    by_label: dict[tuple[str, bytes], Lookups] = field(default_factory=dict)
    waited: dict[bool, Counter[int]] = field(default_factory=lambda: {True: Counter(), False: Counter()})
    reuses: Counter[int] = field(default_factory=Counter)
    lifetimes: Counter[int] = field(default_factory=Counter)
    book: SessionBook = field(init=False)
    endings: Endings = field(init=False)
    _lives: OrderedDict[str, _Life] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.book = SessionBook(self.start, self.ttl_limit)
        self.endings = Endings(self.start)

    def event(self, event: Event) -> None:
        """Count an event."""
        self.events += 1
        self.last = max(self.last, event.at)
        self.book.event(event)
        if event.kind is Kind.OPEN:
            self.connections += 1
            self.open_connections += 1
            self.most_connections = max(self.most_connections, self.open_connections)
        elif event.kind is Kind.CLOSE:
            self.open_connections -= 1

    def exchange(self, exchange: Exchange) -> None:
        """Count an exchange."""
        for departure in self.book.exchange(exchange):
            self.waited[departure.found][duration_class(departure.waited)] += 1
        self.endings.exchange(exchange)
        self.requests[exchange.request, exchange.status] += 1
        if exchange.is_find and exchange.labels and exchange.status in (OK, FAIL):
            self.by_kind.setdefault(exchange.request, Lookups()).count(exchange.is_hit)
            self.by_label.setdefault((exchange.request, exchange.labels[0]), Lookups()).count(exchange.is_hit)
        if exchange.is_hit:
            self._live_on(exchange, found=True)
        elif exchange.request == "save_endp" and exchange.status == OK:
            self._live_on(exchange, found=False)

    def finish(self) -> None:
        """The trace has ended: what is still cached has had the life that it had."""
        self.endings.finish(self.last)
        while self._lives:
            self._bury(self._lives.popitem(last=False)[1])

    def _live_on(self, exchange: Exchange, *, found: bool) -> None:
        """A session was saved or found. Of one that was never saved nothing is known."""
        token = exchange.token
        if token is None or (found and token not in self._lives):
            return
        life = self._lives.setdefault(token, _Life(exchange.answered, exchange.answered))
        life.last = exchange.answered
        life.finds += found
        self._lives.move_to_end(token)
        if len(self._lives) > MEMORY:
            self._bury(self._lives.popitem(last=False)[1])

    def _bury(self, life: _Life) -> None:
        self.reuses[life.finds] += 1
        self.lifetimes[duration_class(life.last - life.began)] += 1
