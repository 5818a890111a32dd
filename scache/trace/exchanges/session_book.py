"""Which sessions the recorded cache held, and how long they waited there."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from math import floor
from typing import NamedTuple

from scache.trace.exchanges.exchange import OK, Exchange
from scache.trace.format.events import Event, Kind, Side

__all__ = ["Departure", "SessionBook", "duration_class", "duration_text"]


@dataclass(frozen=True, slots=True)
class Departure:
    """A session that left the cache: after `waited` seconds, found or expired unused."""

    token: str
    at: float
    waited: float
    found: bool


class _Saved(NamedTuple):
    at: float
    due: int


class SessionBook:
    """Follows the sessions in the recorded cache.

    Which of them expire isn't in a trace: it follows from Postfix's rule, whole seconds and the smaller of
    the requested time to live and the daemon's limit.
    """

    def __init__(self, start: float, ttl_limit: int) -> None:
        self._start = start
        self._ttl_limit = ttl_limit
        self._cached: dict[str, _Saved] = {}
        self._due: list[tuple[int, str]] = []
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

    def exchange(self, exchange: Exchange) -> Iterator[Departure]:
        """Take the next exchange, behind the event that completed it; the sessions that have left by now.

        The book changes as they are given: it holds what the cache held when the last one given had left.
        """
        yield from self._expire(exchange.answered)
        if exchange.is_hit:
            saved = self._cached.pop(exchange.token or "", None)
            if saved is not None:
                yield Departure(
                    exchange.token or "", exchange.answered, exchange.answered - saved.at, found=True
                )
        elif exchange.request == "save_endp" and exchange.status == OK and exchange.token is not None:
            due = floor(self._start + exchange.answered) + min(exchange.ttl, self._ttl_limit)
            self._cached[exchange.token] = _Saved(exchange.answered, due)
            heapq.heappush(self._due, (due, exchange.token))
            self.peak = max(self.peak, len(self._cached))

    def _expire(self, at: float) -> Iterator[Departure]:
        second = floor(self._start + at)
        while self._due and self._due[0][0] <= second:
            due, token = heapq.heappop(self._due)
            saved = self._cached.get(token)
            if saved is not None and saved.due == due:
                del self._cached[token]
                gone = due - self._start
                yield Departure(token, gone, gone - saved.at, found=False)


def duration_class(seconds: float) -> int:
    """The class of a duration: 0 below a millisecond, then one for each doubling."""
    return max(0, int(seconds * 1000)).bit_length()


def duration_text(number: int) -> str:
    """The upper bound of a class of durations: `< 4 ms`, `< 1.02 s`."""
    milliseconds = 1 << number
    return f"< {milliseconds} ms" if milliseconds < 1000 else f"< {milliseconds / 1000:.4g} s"
