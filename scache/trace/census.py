"""What a trace's exchanges come to: requests, hits, reuse, idle times, cached sessions.

Memory grows with the number of distinct labels, and with the sessions cached at once; not with the trace.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import floor

from scache.trace.events import Event, Kind, Side
from scache.trace.exchange import FAIL, OK, Exchange
from scache.trace.tokens import MEMORY

__all__ = ["Census", "Departure", "Lookups", "SessionBook", "duration_class", "duration_text"]


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


@dataclass(frozen=True, slots=True)
class Departure:
    """A session that left the cache: after `waited` seconds, found or expired unused."""

    at: float
    waited: float
    found: bool


class SessionBook:
    """Follows the sessions in the recorded cache.

    Which of them expire isn't in a trace: it follows from Postfix's rule, whole seconds and the smaller of
    the requested time to live and the daemon's limit.
    """

    def __init__(self, start: float, ttl_limit: int) -> None:
        self._start = start
        self._ttl_limit = ttl_limit
        self._cached: dict[str, tuple[float, int]] = {}
        self._due: deque[tuple[int, str]] = deque()
        self._half_closed: set[int] = set()
        self.peak = 0

    def __len__(self) -> int:
        return len(self._cached)

    def event(self, event: Event) -> None:
        """A server that closes a connection whose client hasn't has ended, and its sessions with it."""
        if event.kind is Kind.END and event.side is Side.CLIENT:
            self._half_closed.add(event.connection)
        elif event.kind is Kind.CLOSE:
            if event.side is Side.SERVER and event.connection not in self._half_closed:
                self._cached.clear()
            self._half_closed.discard(event.connection)

    def expire(self, at: float) -> Iterator[Departure]:
        """The sessions that have expired by now."""
        second = floor(self._start + at)
        while self._due and self._due[0][0] <= second:
            due, token = self._due.popleft()
            saved = self._cached.get(token)
            if saved is not None and saved[1] == due:
                del self._cached[token]
                gone = due - self._start
                yield Departure(gone, gone - saved[0], found=False)

    def save(self, exchange: Exchange) -> None:
        """A session was saved."""
        if exchange.token is None:
            return
        due = floor(self._start + exchange.answered) + min(exchange.ttl, self._ttl_limit)
        self._cached[exchange.token] = (exchange.answered, due)
        self._due.append((due, exchange.token))
        self.peak = max(self.peak, len(self._cached))

    def find(self, exchange: Exchange) -> Departure | None:
        """A session was found; None where it isn't known when it was saved."""
        saved = self._cached.pop(exchange.token or "", None)
        return Departure(exchange.answered, exchange.answered - saved[0], found=True) if saved else None


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
    _lives: OrderedDict[str, _Life] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.book = SessionBook(self.start, self.ttl_limit)

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
        self._expire(exchange.answered)
        self.requests[exchange.request, exchange.status] += 1
        if exchange.is_find and exchange.labels and exchange.status in (OK, FAIL):
            hit = exchange.is_hit
            self.by_kind.setdefault(exchange.request, Lookups()).count(hit)
            self.by_label.setdefault((exchange.request, exchange.labels[0]), Lookups()).count(hit)
            if hit:
                self._found(exchange)
        elif exchange.request == "save_endp" and exchange.status == OK and exchange.token is not None:
            self.book.save(exchange)
            life = self._lives.setdefault(exchange.token, _Life(exchange.answered, exchange.answered))
            life.last = exchange.answered
            self._lives.move_to_end(exchange.token)
            if len(self._lives) > MEMORY:
                self._bury(self._lives.popitem(last=False)[1])

    def finish(self) -> None:
        """The trace has ended: what is still cached has had the life that it had."""
        while self._lives:
            self._bury(self._lives.popitem(last=False)[1])

    def _found(self, exchange: Exchange) -> None:
        departure = self.book.find(exchange)
        if departure is not None:
            self.waited[True][duration_class(departure.waited)] += 1
        life = self._lives.get(exchange.token or "")
        if life is not None:
            life.finds += 1
            life.last = exchange.answered

    def _expire(self, at: float) -> None:
        for departure in self.book.expire(at):
            self.waited[False][duration_class(departure.waited)] += 1

    def _bury(self, life: _Life) -> None:
        self.reuses[life.finds] += 1
        self.lifetimes[duration_class(life.last - life.began)] += 1


def duration_class(seconds: float) -> int:
    """The class of a duration: 0 below a millisecond, then one for each doubling."""
    return max(0, int(seconds * 1000)).bit_length()


def duration_text(number: int) -> str:
    """The upper bound of a class of durations: `< 4 ms`, `< 1.02 s`."""
    milliseconds = 1 << number
    return f"< {milliseconds} ms" if milliseconds < 1000 else f"< {milliseconds / 1000:.4g} s"
