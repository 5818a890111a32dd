"""`scache whatif`: hit rates of a trace's deliveries under other settings."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scache.commands.numbers import numbers
from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import TraceError
from scache.trace.exchanges.deliveries import clients_of, usual_ttl
from scache.trace.exchanges.exchange import Exchange, Exchanges
from scache.trace.exchanges.session_book import SessionBook
from scache.trace.figures.chart import HIT, INK, MISS, THIRD, chart
from scache.trace.figures.whatif import REST, Outcome, Setting, recorded_outcome, simulate
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]

#: Percentage points that the model may miss the recorded hit rate by, at the recorded setting.
TOLERANCE = 3.0

_Row = tuple[Setting, Outcome]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache whatif traffic.jsonl.gz --ttl-limit 2,10. Exit status: 0 predicted, 1 the model "
        "misses the recorded rate, 2 the trace can't be read."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument(
        "--ttl-limit",
        type=numbers,
        default=[1, 2, 5, 10, 30, 60],
        metavar="SECONDS,...",
        help="how long idle sessions are kept: both smtp_connection_cache_time_limit and"
        " connection_cache_ttl_limit (1,2,5,10,30,60)",
    )
    parser.add_argument(
        "--max-sessions",
        type=numbers,
        metavar="N,...",
        help="the most sessions the cache takes (no limit)",
    )
    parser.add_argument(
        "--order",
        type=_orders,
        default=[False],
        metavar="ORDER,...",
        help="which of an endpoint's sessions is found: the oldest (fifo), as in Postfix, or the newest"
        " (lifo); see scache_order (fifo)",
    )
    parser.add_argument("--chart", type=Path, metavar="OUT.svg", help="draw it, too")


def _orders(text: str) -> list[bool]:
    """Whether the newest is found, of each word of a list."""
    words = text.split(",")
    if not set(words) <= {"fifo", "lifo"}:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of fifo and lifo")
    return [word == "lifo" for word in words]


def run(arguments: argparse.Namespace) -> int:
    """Print the table; 0, or 1 where the model fails its check. Raises TraceError, OSError."""
    with TraceReader(arguments.file, say) as trace:
        start = trace.header.start
        book = SessionBook(start, ttl_limit=REST)
        clients = clients_of(_exchanges(trace, book))
    ttl = usual_ttl(clients)
    if ttl == 0:
        raise TraceError(f"{arguments.file}: nobody saves a session in it")
    recorded = recorded_outcome(clients, book.peak)
    modelled = simulate(clients, start, Setting(ttl))
    rows = [
        (setting, simulate(clients, start, setting))
        for newest_first in arguments.order
        for most in arguments.max_sessions or [None]
        for setting in (Setting(limit, most, newest_first) for limit in arguments.ttl_limit)
    ]
    print(f"{'':24}{'hit rate':>10}{'opened':>10}{'peak idle':>11}{'expired unused':>16}")
    print(_line("recorded", recorded))
    print(_line(f"model at {ttl} s, as then", modelled))
    for setting, outcome in rows:
        print(_line(_name(setting), outcome))
    if arguments.chart:
        _draw(arguments.chart, f"What if: {arguments.file.name}", rows, recorded)
    missed = abs(modelled.hit_rate - recorded.hit_rate) * 100
    if missed > TOLERANCE:
        say(f"the model misses the recorded hit rate by {missed:.1f} points: don't rely on it for this trace")
        return 1
    return 0


def _exchanges(trace: TraceReader, book: SessionBook) -> Iterator[Exchange]:
    """The trace's exchanges, written into the book on the way."""
    exchanges = Exchanges()
    for event in with_progress(trace):
        book.event(event)
        for exchange in exchanges.feed(event):
            deque(book.exchange(exchange), maxlen=0)
            yield exchange


def _name(setting: Setting) -> str:
    most = "" if setting.max_sessions is None else f", {setting.max_sessions} sessions"
    return f"{setting.ttl_limit} s{most}{', newest first' if setting.newest_first else ''}"


def _line(name: str, outcome: Outcome) -> str:
    return f"{name:<24}{outcome.hit_rate:>10.1%}{outcome.opened:>10}{outcome.peak:>11}{outcome.expired:>16}"


def _draw(path: Path, title: str, rows: list[_Row], recorded: Outcome) -> None:
    with chart(path, title, rows=2, height=2.6) as (rate, sessions):
        for most, newest in dict.fromkeys((each.max_sessions, each.newest_first) for each, _ in rows):
            series = [row for row in rows if (row[0].max_sessions, row[0].newest_first) == (most, newest)]
            suffix = "" if most is None else f" (at most {most})"
            _draw_series(rate, sessions, suffix + (" (newest first)" if newest else ""), series)
        rate.axhline(recorded.hit_rate * 100, color=INK, linewidth=0.8, linestyle=":", label="recorded")
        rate.set(ylabel="deliveries that\nreuse a session, %", ylim=(0, 101))
        sessions.set(xlabel="seconds that an idle session is kept", ylabel="number", ylim=(0, None))
        for axes in (rate, sessions):
            axes.set_xscale("log")
            ticks = sorted({setting.ttl_limit for setting, _ in rows})
            axes.set_xticks(ticks, [str(tick) for tick in ticks])
            axes.minorticks_off()
            axes.legend(loc="best")


def _draw_series(rate: Any, sessions: Any, suffix: str, series: list[_Row]) -> None:
    limits = [setting.ttl_limit for setting, _ in series]
    rates = [outcome.hit_rate * 100 for _, outcome in series]
    rate.plot(limits, rates, "o-", label=f"model{suffix}", color=HIT)
    for name, colour, style, values in (
        ("connections opened", MISS, "s-", [outcome.opened for _, outcome in series]),
        ("peak of idle sessions", HIT, "o-", [outcome.peak for _, outcome in series]),
        ("sessions expired unused", THIRD, "x--", [outcome.expired for _, outcome in series]),
    ):
        sessions.plot(limits, values, style, label=name + suffix, color=colour)
