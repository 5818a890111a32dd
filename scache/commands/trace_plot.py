"""`scache trace plot`: how a trace went, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scache.commands import trace_pass
from scache.errors import TraceError
from scache.trace.exchanges.session_book import duration_text
from scache.trace.figures.chart import HIT, INK, MISS, chart
from scache.trace.figures.timeline import Timeline

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace plot traffic.jsonl.gz traffic.svg. Exit status: 0, or 2 where it can't be "
        "drawn."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument("output", type=Path, metavar="OUT.svg", help="new picture")
    trace_pass.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw; 0. Raises TraceError, UnavailableError, UsageError, OSError."""
    header, timeline = trace_pass.look_through(
        arguments.file, lambda header: Timeline(header.start, arguments.ttl_limit)
    )
    if not timeline.cached:
        raise TraceError(f"{arguments.file}: nothing in it can be drawn")
    title = header.scenario or arguments.file.name
    with chart(arguments.output, title, rows=3, height=2.0) as (sessions, lookups, waiting):
        _draw_sessions(sessions, timeline)
        _draw_lookups(lookups, timeline)
        _draw_waiting(waiting, timeline)
    return 0


def _draw_sessions(axes: Any, timeline: Timeline) -> None:
    times, cached = _steps(timeline, timeline.cached)
    axes.fill_between(times, cached, step="post", color=INK, alpha=0.25, linewidth=0)
    axes.step(times, cached, where="post", color=INK, linewidth=1)
    axes.set(xlabel="seconds", ylabel="cached sessions", ylim=(0, None), xlim=(0, None))


def _steps(timeline: Timeline, values: list[int]) -> tuple[list[float], list[int]]:
    """Where the steps begin, and the last one ends, with their values."""
    return [step * timeline.step for step in range(len(values) + 1)], [*values, *values[-1:]]


def _draw_lookups(axes: Any, timeline: Timeline) -> None:
    times, hits = _steps(timeline, timeline.hits)
    below = [-misses for misses in _steps(timeline, timeline.misses)[1]]
    axes.fill_between(times, hits, step="post", color=HIT, label="hits", linewidth=0)
    axes.fill_between(times, below, step="post", color=MISS, label="misses (downwards)", linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set(xlabel="seconds", ylabel=f"lookups in {timeline.step:g} s", xlim=(0, None))
    axes.legend(loc="upper right", ncols=2)


def _draw_waiting(axes: Any, timeline: Timeline) -> None:
    found, expired = timeline.waited[True], timeline.waited[False]
    classes = range(max([*found, *expired], default=0) + 1)
    axes.bar([at - 0.2 for at in classes], [found[at] for at in classes], 0.4, color=HIT, label="then found")
    axes.bar(
        [at + 0.2 for at in classes], [expired[at] for at in classes], 0.4, color=MISS, label="then expired"
    )
    axes.set_xticks(list(classes), [duration_text(at) for at in classes], rotation=30)
    axes.set(xlabel="time in the cache", ylabel="sessions")
    axes.legend(loc="upper right", ncols=2)
