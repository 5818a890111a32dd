"""How a trace went over time, in a bounded number of equal steps however long it is."""

from __future__ import annotations

from collections import Counter
from math import floor

from scache.trace.exchanges.exchange import FAIL, OK, Exchange
from scache.trace.exchanges.session_book import SessionBook, duration_class
from scache.trace.format.events import Event

__all__ = ["STEPS", "Timeline"]

#: The most steps; when time runs past the last one, each two become one.
STEPS = 300

#: Seconds of a step to begin with.
FINEST = 0.05


class Timeline:
    """Hits, misses and the most cached sessions of each step.

    step: seconds of one step. waited: how many sessions were in the cache how long (as duration_class says)
    until they were found (True) or expired unused (False).
    """

    def __init__(self, start: float, ttl_limit: int) -> None:
        self.step = FINEST
        self.hits: list[int] = []
        self.misses: list[int] = []
        self.cached: list[int] = []
        self.waited: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
        self._book = SessionBook(start, ttl_limit)

    def event(self, event: Event) -> None:
        """Take the next event."""
        self._book.event(event)

    def exchange(self, exchange: Exchange) -> None:
        """Take the next exchange, behind the event that completed it."""
        for departure in self._book.exchange(exchange):
            self._see(departure.at)
            self.waited[departure.found][duration_class(departure.waited)] += 1
        step = self._see(exchange.answered)
        if exchange.is_find and exchange.status in (OK, FAIL):
            (self.hits if exchange.is_hit else self.misses)[step] += 1
        self.cached[step] = max(self.cached[step], len(self._book))

    def _see(self, at: float) -> int:
        """The step of a time; all steps up to it exist."""
        step = max(0, floor(at / self.step))
        while step >= STEPS:
            self._halve()
            step = floor(at / self.step)
        while len(self.cached) <= step:
            self.hits.append(0)
            self.misses.append(0)
            self.cached.append(len(self._book))
        return step

    def _halve(self) -> None:
        """Make one step of each two."""
        self.step *= 2
        self.hits = [sum(self.hits[at : at + 2]) for at in range(0, len(self.hits), 2)]
        self.misses = [sum(self.misses[at : at + 2]) for at in range(0, len(self.misses), 2)]
        self.cached = [max(self.cached[at : at + 2]) for at in range(0, len(self.cached), 2)]
