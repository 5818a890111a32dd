"""What ours must reach against the real one, and what a short run on a busy machine may not fall below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.benchmark.measure.comparison import Cell, Turn

__all__ = [
    "FLATNESS_LIMIT",
    "GOALS",
    "PAIR_LIMIT",
    "SHORT_BOUNDS",
    "SIMULATED_GOAL",
    "STALLED_LIMIT",
    "Bound",
    "cpu_per_request",
    "rate",
    "verdict",
]

PAIR_LIMIT = 1536
"""Bytes that a cached pair may cost at most."""

FLATNESS_LIMIT = 1.15
"""Times the CPU per request without cached pairs that it may cost at most with the most of them."""

STALLED_LIMIT = 1.2
"""Times the usual p99 latency that it may be at most beside a stalled client."""


def rate(turn: Turn) -> float:
    """Requests a second."""
    return turn.rate


def cpu_per_request(turn: Turn) -> float:
    """Seconds of the daemon's CPU."""
    return turn.cpu_per_request


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for a median ratio ours / real, in the cells with so many cached pairs and clients."""

    cached: int
    clients: int
    measure: Callable[[Turn], float]
    limit: float

    def concerns(self, cell: Cell) -> bool:
        """Whether this bound is about this cell."""
        return (cell.cached, cell.clients) == (self.cached, self.clients)

    def holds(self, cell: Cell) -> bool:
        """Whether ours is good enough: a rate at least the limit, a cost at most."""
        ratio = cell.ratio("ours", "real", self.measure).median
        return ratio >= self.limit if self.measure is rate else ratio <= self.limit

    def __str__(self) -> str:
        what = "requests a second at least" if self.measure is rate else "CPU per request at most"
        where = f"{self.cached:,} cached pairs, {self.clients} clients"
        return f"{where}: {what} {self.limit:g} times the real one's"


SIMULATED_GOAL = 100_000
"""Requests in a second of CPU that the whole daemon carries out in simulation, at least."""


def verdict(good: bool) -> str:
    """How a report says it."""
    return "met" if good else "MISSED"


GOALS = (
    Bound(0, 1, rate, 0.95),
    Bound(1000, 1, rate, 1.25),
    Bound(4000, 1, rate, 2.2),
    Bound(16000, 1, rate, 5.5),
    Bound(0, 16, rate, 2.2),
    Bound(1000, 16, rate, 4.2),
    Bound(4000, 16, rate, 7.5),
    Bound(16000, 16, rate, 22),
    Bound(0, 16, cpu_per_request, 0.65),
    Bound(1000, 16, cpu_per_request, 0.3),
    Bound(4000, 16, cpu_per_request, 0.15),
    Bound(16000, 16, cpu_per_request, 0.07),
)
"""On a quiet machine with two cores and CPython 3.11, medians of at least five pairs of turns."""

SHORT_BOUNDS = (
    Bound(0, 16, cpu_per_request, 0.95),
    Bound(1000, 16, cpu_per_request, 0.6),
    Bound(1000, 16, rate, 1.5),
)
"""Wide enough for any machine that does other work meanwhile; a lost fast path still breaks them."""
