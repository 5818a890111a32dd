"""What a run of the lab came to, and whether two runs came to the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.lab.instance.maillog import Line, LogTally
from conformance.lab.instance.recorder import RECORDED_SERVICE
from conformance.lab.traffic.sinks import SinkCounts

__all__ = ["TOLERANCE", "Difference", "Outcome", "compare", "warning_kind"]

TOLERANCE = 0.10
"""No two runs of a scenario meet the same schedule: a count may differ by this part of the expected one."""
SLACK = 4
"""Counts may differ by as much from run to run of one and the same scache, for each run that is in them."""
CONCERNED = frozenset({"scache", "smtp", "lmtp", "tlsproxy", "master"})
"""Processes whose warnings may come from the cache."""
INTERRUPTED = "warning: problem talking to service scache"
"""What a client says whose request was under way when the cache ended: a matter of chance."""
UNCONNECTED = ("warning: open active ", "warning: master_wakeup_timer_event: ")
"""Warnings that come from a reload itself, now and then: it moves mails that are being delivered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one run, summed up over all instances, or of several runs; log: the lines of one run."""

    injected: int
    tally: LogTally
    sinks: tuple[SinkCounts, ...]
    runs: int = 1
    log: tuple[str, ...] = ()

    def __add__(self, other: Outcome) -> Outcome:
        """Both together."""
        tally = LogTally()
        tally.merge(self.tally)
        tally.merge(other.tally)
        injected, runs = self.injected + other.injected, self.runs + other.runs
        return Outcome(injected, tally, self.sinks + other.sinks, runs)

    @property
    def delivered(self) -> int:
        """Mails that the sinks have taken."""
        return sum(sink.mails for sink in self.sinks)

    @property
    def missing(self) -> int:
        """Mails that have not arrived in time."""
        return max(0, self.injected - self.delivered)

    @property
    def connections(self) -> int:
        """Connections that the sinks have accepted."""
        return sum(sink.connections for sink in self.sinks)

    @property
    def reused(self) -> int:
        """Deliveries whose log line has conn_use."""
        return sum(count for use, count in self.tally.uses.items() if use > 1)

    def warnings(self) -> Counter[str]:
        """Warnings and worse by kind."""
        return Counter(warning_kind(line) for line in self.tally.serious)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure in which a run differs from the real one's by more than it may."""

    figure: str
    real: object
    other: object

    def __str__(self) -> str:
        return f"{self.figure}: real {self.real}, here {self.other}"


def warning_kind(line: Line) -> str:
    """A warning without what differs from run to run: queue ids, numbers, paths, how a connection broke."""
    text = re.sub(r"\b[0-9A-F]{8,}\b(?=:)", "QUEUEID", line.text)
    text = re.sub(r"\S+/scache\b", "scache", text)
    text = re.sub(r"(problem talking to service) (private/)?([^:]+): .*", r"\1 \3", text)
    text = re.sub(r"\d+", "N", text.replace(RECORDED_SERVICE, "scache"))
    return f"{line.process}: {text}"


def compare(real: Outcome, other: Outcome, disturbed: bool = False) -> Iterator[Difference]:
    """Where the other's runs differ from as many runs of the real scache in the same scenario.

    No more mails may be missing than with the real one; connections and reuse must be alike within
    TOLERANCE; no process that has to do with the cache may warn of anything that it doesn't warn of with the
    real one, or more often.

    disturbed: whether the cache was ended in the middle, so that requests may have been interrupted.
    """
    if other.missing > real.missing:
        yield Difference("mails missing", real.missing, other.missing)
    slack = SLACK * real.runs
    if not alike(real.connections, other.connections, slack):
        yield Difference("connections", real.connections, other.connections)
    if not alike(real.reused, other.reused, slack):
        yield Difference("deliveries over a used connection", real.reused, other.reused)
    known = real.warnings()
    for kind, count in other.warnings().items():
        by_chance = known[kind] or (disturbed and kind.endswith(INTERRUPTED))
        allowed = known[kind] + (max(slack, TOLERANCE * known[kind]) if by_chance else 0)
        if compared(kind) and count > allowed:
            yield Difference(f"warning {kind!r}", known[kind], count)


def alike(expected: int, count: int, slack: int) -> bool:
    """Whether a count is the expected one, within the tolerance."""
    return abs(count - expected) <= max(slack, TOLERANCE * expected)


def compared(kind: str) -> bool:
    """Whether a kind of warning says anything about the cache."""
    process, _, text = kind.partition(": ")
    return process in CONCERNED and not text.startswith(UNCONNECTED)
