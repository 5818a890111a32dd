"""What a whole log comes to: lookups, peaks, reuse, warnings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scache.maillog.event import Delivery, Ended, Ending, Events, Lookups, Maxima
from scache.maillog.line import Line
from scache.maillog.warning import Warned, warned

__all__ = ["Cache", "Occurrences", "Peer", "Period", "Summary"]

#: Lengths of the periods in which a log is shown: the shortest is taken by which there aren't too many.
_STEPS = [timedelta(minutes=minutes) for minutes in (1, 5, 10, 30, 60, 180, 360, 720, 1440, 10080, 40320)]

_BEGIN = datetime(1970, 1, 1)

#: Connections that must have come to the same end before it counts as a peer's habit.
_FEWEST = 2


@dataclass(slots=True)
class Cache:
    """What one cache counted. lookups: by `domain` or `address`, and hit. ended: sessions that their peers
    have `closed`, or on which they `spoke`. maxima: the largest of each; last: those of the last interval.
    """

    lookups: Counter[tuple[str, bool]] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    maxima: Maxima = field(default_factory=lambda: Maxima(0, 0, 0))
    last: Maxima = field(default_factory=lambda: Maxima(0, 0, 0))

    def add(self, event: Lookups | Maxima | Ended) -> None:
        """Count one more interval."""
        if isinstance(event, Lookups):
            self.lookups[event.by, True] += event.hits
            self.lookups[event.by, False] += event.misses
        elif isinstance(event, Ended):
            self.ended["closed"] += event.closed
            self.ended["spoke"] += event.spoke
        else:
            self.last = event
            self.maxima = Maxima(
                max(self.maxima.domains, event.domains),
                max(self.maxima.addresses, event.addresses),
                max(self.maxima.connections, event.connections),
            )


@dataclass(slots=True)
class Peer:
    """uses: sent mails by how often their connection had been used then. ends: it hung up, or said 421.

    agent: `smtp` or `lmtp`, which delivered there last.
    """

    uses: Counter[int] = field(default_factory=Counter)
    ends: int = 0
    agent: str = "smtp"

    @property
    def mails(self) -> int:
        """Mails that were sent to it."""
        return self.uses.total()

    @property
    def reused(self) -> int:
        """Mails that went over a connection which had been used before."""
        return self.mails - self.uses[1]

    @property
    def limit(self) -> int | None:
        """The number of mails after which this peer ends connections; None where none can be told.

        A connection that was ended so has been used so often, and none more often.
        """
        most = max(self.uses, default=0)
        return most if self.ends >= _FEWEST and self.uses[most] >= _FEWEST else None


@dataclass(slots=True)
class Period:
    """A stretch of time: what was logged in it."""

    cache: Cache = field(default_factory=Cache)
    mails: int = 0
    reused: int = 0

    def add(self, other: Period) -> None:
        """Make it longer by another one."""
        for (by, hit), number in other.cache.lookups.items():
            self.cache.lookups[by, hit] += number
        self.cache.add(other.cache.maxima)
        self.mails += other.mails
        self.reused += other.reused


@dataclass(slots=True)
class Occurrences:
    """How often something was warned of, and when: first and last."""

    times: int = 0
    first: datetime | None = None
    last: datetime | None = None
    text: str = ""

    def add(self, line: Line) -> None:
        """Once more."""
        self.times += 1
        self.first = self.first or line.at
        self.last = line.at or self.last
        self.text = line.text


class Summary:
    """A log, summed up. Every line is looked at once, and none is kept.

    over_time: keep figures by the minute, too.

    `first`, `last`: the moments of the first and the last line. `caches`: by syslog_name. `peers`: by
    `host[address]`. `warnings`: by kind.
    """

    def __init__(self, *, over_time: bool = True) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None
        self.caches: defaultdict[str, Cache] = defaultdict(Cache)
        self.peers: defaultdict[str, Peer] = defaultdict(Peer)
        self.warnings: defaultdict[Warned, Occurrences] = defaultdict(Occurrences)
        self._minutes: defaultdict[datetime, Period] = defaultdict(Period)
        self._over_time = over_time
        self._events = Events()

    def add(self, lines: Iterable[Line]) -> None:
        """Look at these lines, too."""
        for line in lines:
            if line.at is not None:
                self.first = line.at if self.first is None else min(self.first, line.at)
                self.last = line.at if self.last is None else max(self.last, line.at)
            if (kind := warned(line)) is not None:
                self.warnings[kind].add(line)
            else:
                self._count(line)

    def _count(self, line: Line) -> None:
        event = self._events.of(line)
        if event is None:
            return
        if isinstance(event, Ending):
            self.peers[event.peer].ends += 1
            return
        kept = self._over_time and line.at is not None
        period = self._minutes[line.at.replace(second=0)] if kept and line.at is not None else Period()
        if isinstance(event, Delivery):
            if event.sent:
                self.peers[event.peer].uses[event.use] += 1
                self.peers[event.peer].agent = line.process
                period.mails += 1
                period.reused += event.use > 1
        else:
            self.caches[line.name].add(event)
            period.cache.add(event)

    def whole(self) -> Period:
        """All together, lines without a moment too."""
        whole = Period(mails=sum(peer.mails for peer in self.peers.values()))
        whole.reused = sum(peer.reused for peer in self.peers.values())
        for cache in self.caches.values():
            whole.add(Period(cache))
        return whole

    def over_time(self, most: int) -> tuple[timedelta, Iterator[tuple[datetime, Period]]]:
        """The log in periods of one length, at most so many with something in them, oldest first."""
        for step in _STEPS:
            periods: defaultdict[datetime, Period] = defaultdict(Period)
            for minute, period in sorted(self._minutes.items()):
                periods[minute - (minute - _BEGIN) % step].add(period)
            if len(periods) <= most:
                break
        return step, iter(periods.items())
