"""What a daemon must reach against the others of its run, and what a short run on a busy machine must."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from conformance.benchmark.measure.comparison import Cell, Comparison, Turn
from conformance.benchmark.measure.hostile import Beside

__all__ = [
    "FLATNESS_LIMIT",
    "GOALS",
    "HOSTILE_LIMITS",
    "PAIR_LIMIT",
    "SHORT_BOUNDS",
    "SIMULATED_GOAL",
    "WATCH_LIMIT",
    "Bound",
    "Verdict",
    "cpu_per_request",
    "judge",
    "judge_flatness",
    "judge_hostile",
    "judge_memory",
    "judge_simulated",
    "judge_watch",
    "rate",
    "user_per_request",
]

PAIR_LIMIT = 1536
"""Bytes that a cached pair may cost at most."""

FLATNESS_LIMIT = 1.15
"""Times the CPU per request without cached pairs that it may cost at most with the most of them."""

HOSTILE_LIMITS = {"p99.9 in milliseconds": 20, "megabytes at most": 150, "lines in the log": 200}
"""Beside clients that misbehave: what 999 of 1,000 requests of others take at most, what is resident, what is
logged.
"""

WATCH_LIMIT = 1.05
"""Times its CPU per request that ours may take at most where it watches what is cached."""

SIMULATED_GOAL = 100_000
"""Requests in a second of CPU that the whole daemon carries out in simulation, at least."""


def rate(turn: Turn) -> float:
    """Requests a second."""
    return turn.rate


def cpu_per_request(turn: Turn) -> float:
    """Seconds of the daemon's CPU."""
    return turn.cpu_per_request


def user_per_request(turn: Turn) -> float:
    """Seconds of the daemon's CPU that are not the kernel's: in one turn, a few clock ticks."""
    return turn.user / turn.requests


WORDS: dict[Callable[[Turn], float], str] = {
    rate: "requests a second",
    cpu_per_request: "CPU per request",
    user_per_request: "user time per request",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal, what was reached, and whether that is good enough."""

    what: str
    reached: float
    limit: str
    good: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for a daemon's measure over another's, in the cell with so many cached pairs and clients."""

    name: str
    other: str
    measure: Callable[[Turn], float]
    clients: int
    cached: int
    limit: float

    def judge(self, cell: Cell) -> Verdict:
        """Whether the ratio is good enough: a rate at least the limit, a cost at most."""
        what = (
            f"{self.name} / {self.other}, {WORDS[self.measure]}, {self.cached:,} cached pairs,"
            f" {self.clients} clients"
        )
        if self.measure is user_per_request:  # ticks are too coarse for a turn: over all of them
            reached = cell.user_per_request(self.name) / cell.user_per_request(self.other)
        else:
            reached = cell.ratio(self.name, self.other, self.measure).median
        if self.measure is rate:
            return Verdict(what, reached, f"at least {self.limit:g}", reached >= self.limit)
        return Verdict(what, reached, f"at most {self.limit:g}", reached <= self.limit)


def judge(bounds: Sequence[Bound], comparison: Comparison) -> list[Verdict]:
    """A verdict for each bound whose cell was measured, with both daemons."""
    cells = {(cell.cached, cell.clients): cell for cell in comparison.cells}
    found = []
    for bound in bounds:
        cell = cells.get((bound.cached, bound.clients))
        if cell is not None and {bound.name, bound.other} <= set(cell.turns):
            found.append(bound.judge(cell))
    return found


def judge_flatness(comparison: Comparison) -> list[Verdict]:
    """What a request costs ours with the most cached pairs, against the fewest; with most clients."""
    clients = comparison.cells[-1].clients
    cells = [cell for cell in comparison.cells if cell.clients == clients]
    if len(cells) < 2:
        return []
    costs = [cell.typical("ours", cpu_per_request) for cell in cells]
    grown = costs[-1] / costs[0]
    what = (
        f"ours, CPU per request, {cells[-1].cached:,} cached pairs / {cells[0].cached:,}, {clients} clients"
    )
    return [Verdict(what, grown, f"at most {FLATNESS_LIMIT}", grown <= FLATNESS_LIMIT)]


def judge_watch(comparison: Comparison) -> list[Verdict]:
    """What a request costs ours with scache_watch, against without."""
    cells = comparison.cells
    bounds = [
        Bound("watching", "ours", cpu_per_request, cell.clients, cell.cached, WATCH_LIMIT) for cell in cells
    ]
    return judge(bounds, comparison)


def judge_memory(comparison: Comparison) -> list[Verdict]:
    """What a cached pair costs ours."""
    found = []
    for cached, by_name in comparison.memory.items():
        if cached:
            size = by_name["ours"].per_pair(cached)
            what = f"ours, bytes per cached pair, of {cached:,}"
            found.append(Verdict(what, size, f"at most {PAIR_LIMIT:,}", size <= PAIR_LIMIT))
    return found


def judge_simulated(rates: Sequence[float]) -> list[Verdict]:
    """How fast ours is without a kernel."""
    reached = median(rates)
    what = "ours, simulated, requests in a second of CPU"
    return [Verdict(what, reached, f"at least {SIMULATED_GOAL:,}", reached >= SIMULATED_GOAL)]


def judge_hostile(found: Mapping[str, Mapping[str, Beside]]) -> list[Verdict]:
    """How long others wait for ours beside each kind of mischief, and what that makes it hold and log."""
    verdicts = []
    for kind, by_name in found.items():
        measured = by_name["ours"]
        waited = median(turn.p999 for turn in measured.beside) if measured.beside else math.inf
        figures = (waited * 1e3, measured.peak / (1 << 20), measured.logged)
        for (what, limit), reached in zip(HOSTILE_LIMITS.items(), figures, strict=True):
            what = f"ours, {what}, beside clients that {kind}"
            verdicts.append(Verdict(what, reached, f"at most {limit}", reached <= limit))
    return verdicts


def _goals(name: str, limits: Sequence[float]) -> list[Bound]:
    """The goals for a build of ours."""
    many, few, real, cost, alone, user = limits
    all_pairs = (0, 1000, 4000, 16000)
    return [
        *(Bound(name, "limit", rate, 16, cached, many) for cached in all_pairs),
        *(Bound(name, "limit", rate, 4, cached, few) for cached in (0, 4000)),
        Bound(name, "real", rate, 4, 0, real),
        *(Bound(name, "limit", cpu_per_request, 16, cached, cost) for cached in all_pairs),
        Bound(name, "real", cpu_per_request, 1, 0, alone),
        *(Bound(name, "plain loop", user_per_request, 16, cached, user) for cached in all_pairs),
    ]


GOALS = (
    *_goals("ours", (0.78, 0.75, 1.4, 1.5, 1.05, 1.25)),
    *_goals("compiled", (0.90, 0.88, 1.7, 1.2, 0.8, 0.7)),
)
"""On a quiet machine with two cores and CPython 3.11, medians of at least seven turns."""

SHORT_BOUNDS = (
    Bound("ours", "limit", rate, 16, 0, 0.4),
    Bound("ours", "limit", cpu_per_request, 16, 0, 3.5),
    Bound("ours", "real", cpu_per_request, 16, 0, 2.0),
    Bound("ours", "real", cpu_per_request, 16, 4000, 0.3),
    Bound("ours", "real", rate, 16, 4000, 3.0),
)
"""Wide enough for any machine that does other work meanwhile; a lost fast path still breaks them."""
