"""The recorded traces as cases: what the clients of a real Postfix sent, sent again to a target."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.cases.model import Case, ReplayTrace
from conformance.target import Daemon, Peer
from scache.trace.reader import TraceReader
from scache.trace.replay import Difference, Replay

__all__ = ["FOLDER", "replay_trace", "trace_cases"]

FOLDER = Path(__file__).parent.parent.parent / "traces"

_CORPUS = "expected.json"  # names the traces that belong together
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
        sentence=f"Replayed, the trace is answered as recorded: {header.scenario or file.name}.",
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
