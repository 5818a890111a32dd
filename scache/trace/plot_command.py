"""`scache trace plot`: how a trace went, as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from scache.trace.census import duration_text
from scache.trace.chart import HIT, INK, MISS, chart
from scache.trace.exchange import Exchanges
from scache.trace.progress import with_progress
from scache.trace.reader import TraceReader
from scache.trace.terminal import say
from scache.trace.timeline import Timeline

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument("output", type=Path, metavar="OUT.svg", help="new picture")
    parser.add_argument(
        "--ttl-limit", type=int, default=2, metavar="SECONDS", help="connection_cache_ttl_limit of then (2)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw; 0. Raises TraceError, UnavailableError, UsageError, OSError."""
    exchanges = Exchanges()
    with TraceReader(arguments.file, say) as trace:
        title = trace.header.scenario or arguments.file.name
        timeline = Timeline(trace.header.start, arguments.ttl_limit)
        for event in with_progress(trace):
            timeline.event(event)
            for exchange in exchanges.feed(event):
                timeline.exchange(exchange)
    with chart(arguments.output, title, rows=3, height=2.0) as (sessions, lookups, waiting):
        _draw_sessions(sessions, timeline)
        _draw_lookups(lookups, timeline)
        _draw_waiting(waiting, timeline)
    return 0


def _draw_sessions(axes: Any, timeline: Timeline) -> None:
    times = [step * timeline.step for step in range(len(timeline.cached))]
    axes.fill_between(times, timeline.cached, step="post", color=INK, alpha=0.25, linewidth=0)
    axes.step(times, timeline.cached, where="post", color=INK, linewidth=1)
    axes.set(xlabel="seconds", ylabel="cached sessions", ylim=(0, None), xlim=(0, None))


def _draw_lookups(axes: Any, timeline: Timeline) -> None:
    times = [step * timeline.step for step in range(len(timeline.hits))]
    below = [-misses for misses in timeline.misses]
    axes.bar(times, timeline.hits, timeline.step, align="edge", color=HIT, label="hits")
    axes.bar(times, below, timeline.step, align="edge", color=MISS, label="misses (downwards)")
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
