"""The recorded traces as cases: what the clients of a real Postfix sent, sent again to a target."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.catalogue.language.model import Case, ReplayTrace
from conformance.contract.target import Daemon, Peer
from conformance.traces import FOLDER
from scache.trace.format.reader import TraceReader
from scache.trace.replay.replaying import Difference, Replay

__all__ = ["different_statistics", "replay_trace", "trace_cases"]

_CORPUS = "expected.json"  # names the traces that belong together
_LOOKUP = re.compile(r"statistics: (domain|address) lookup hits=(\d+) miss=(\d+) ")
_MAXIMUM = re.compile(r"statistics: max simultaneous domains=(\d+) addresses=(\d+) connection=(\d+)")
_MAXIMA = ("domains", "addresses", "connection")
_FIGURES = ("domain hits", "domain miss", "address hits", "address miss", *_MAXIMA)
_SHOWN = 3  # differences


def trace_cases(folder: Path = FOLDER) -> tuple[Case, ...]:
    """One case `trace/NAME/1` for every trace of the folder's corpus."""
    names = json.loads((folder / _CORPUS).read_text())
    return tuple(_case(folder / name) for name in sorted(names))


def _case(file: Path) -> Case:
    with _reading(file) as trace:
        header = trace.header
    return Case(
        id=f"trace/{file.name.partition('.')[0]}/1",
        sentence=f"The trace is answered and counted as recorded: {header.scenario or file.name}.",
        requirements=("trace",),
        steps=(ReplayTrace(file),),
        dialect=header.dialect,
        whole="it is replayed as it was recorded",
    )


def replay_trace(file: Path, daemon: Daemon, start_anew: Callable[[], Daemon]) -> str:
    """Replay on a fresh daemon. start_anew: ends it and starts another.

    Returns the first differences in words, empty where there are none. Raises TraceError for a damaged file.
    """
    differences: list[Difference] = []
    with _reading(file) as trace:
        replay = Replay(trace.header, _Restartable(daemon, start_anew))
        for difference in replay.play(trace, lambda: trace.line):
            differences.append(difference)
        replay.close()
    shown = [f"line {each.line}: recorded {each.recorded}, got {each.got}" for each in differences[:_SHOWN]]
    return "\n".join(
        [f"{len(differences)} of {replay.compared} answers differ", *shown] if differences else []
    )


def different_statistics(file: Path, lines: Iterable[str]) -> str:
    """What the statistics lines of a replay sum up to, against what was logged while the trace was recorded.

    Returns the differences in words, empty where there are none. Hits and misses are sums over all
    intervals, the others are maxima: how long the intervals are doesn't matter.
    """
    got = dict.fromkeys(_FIGURES, 0)
    for line in lines:
        for what, number in _figures(line):
            got[what] = max(got[what], number) if what in _MAXIMA else got[what] + number
    recorded = json.loads((file.parent / _CORPUS).read_text())[file.name]
    return "\n".join(
        f"{what}: recorded {recorded[what]}, got {got[what]}"
        for what in _FIGURES
        if got[what] != recorded[what]
    )


def _figures(line: str) -> Iterator[tuple[str, int]]:
    lookup = _LOOKUP.match(line)
    if lookup:
        yield f"{lookup[1]} hits", int(lookup[2])
        yield f"{lookup[1]} miss", int(lookup[3])
    maxima = _MAXIMUM.match(line)
    if maxima:
        yield from zip(_MAXIMA, map(int, maxima.groups()), strict=True)


class _Restartable:
    """A Daemon as a replay wants it: it can be restarted, and goes on at the same clock."""

    def __init__(self, daemon: Daemon, start_anew: Callable[[], Daemon]) -> None:
        self._daemon = daemon
        self._start_anew = start_anew
        self._passed = 0  # seconds since the clock's start

    def connect(self) -> Peer:
        return self._daemon.connect()

    def advance(self, seconds: int) -> None:
        self._passed += seconds
        self._daemon.advance(seconds)

    def restart(self) -> None:
        self._daemon = self._start_anew()
        self._daemon.advance(self._passed)


@contextmanager
def _reading(file: Path) -> Iterator[TraceReader]:
    def cut(line: str) -> None:
        raise ValueError(f"{file}: {line}")

    trace = TraceReader(file, cut)
    try:
        yield trace
    finally:
        trace.close()
