"""`scache log`: what mail logs say about connection caching, summed up."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scache.commands.numbers import positive
from scache.errors import UsageError
from scache.maillog.source import STANDARD_INPUT, read
from scache.maillog.summary import Cache, Peer, Summary
from scache.trace.figures.chart import HIT, INK, MISS, THIRD, chart

__all__ = ["add_arguments", "run"]

_MOST_PERIODS = 24
_BY = (("domain", "destination"), ("address", "endpoint"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Sum up the statistics of scache(8), the real one or this project's, and the reuse that smtp(8) and "
        "lmtp(8) log, with warnings about the cache and what to do about them. Nothing needs to be installed."
    )
    parser.epilog = (
        "Example: scache log /var/log/mail.log.*.gz /var/log/mail.log; journalctl -o export | scache log -. "
        "Exit status: 0, or 2 where a file can't be read or has nothing about connections in it."
    )
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="mail log, oldest first: plain, gzip, or journalctl's export or json (-: standard input)",
    )
    parser.add_argument(
        "--peers", type=positive, default=20, metavar="COUNT", help="busiest peers to list (20)"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="as one JSON object, with all peers")
    shape.add_argument("--svg", type=Path, metavar="OUT.svg", help="draw it over time")


def run(arguments: argparse.Namespace) -> int:
    """Print the sums, or draw them; 0. Raises UsageError, UnavailableError, OSError."""
    summary = Summary()
    for path in arguments.files:
        summary.add(read(path))
    if not (summary.caches or summary.peers or summary.warnings):
        names = ", ".join(
            "standard input" if path == STANDARD_INPUT else str(path) for path in arguments.files
        )
        raise UsageError(f"{names}: no line of scache(8), smtp(8) or lmtp(8) about connections in it")
    if arguments.svg is not None:
        _draw(summary, arguments.svg)
        return 0
    try:
        for line in (
            [json.dumps(_document(summary), indent=1)] if arguments.json else _lines(summary, arguments.peers)
        ):
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _lines(summary: Summary, most_peers: int) -> Iterator[str]:
    if summary.first is not None and summary.last is not None:
        yield f"from {summary.first} to {summary.last}"
    whole = summary.whole()
    rate = _rate(whole.reused, whole.mails)
    yield f"{whole.mails} mails sent, {whole.reused} over a connection that was used before, {rate}"
    if not summary.caches:
        yield "no statistics of scache(8), which logs them at connection_cache_status_update_time and its end"
    for name, cache in sorted(summary.caches.items()):
        yield ""
        yield f"cache {name or '(stand-alone)'}"
        yield from _cache(cache)
    yield from _over_time(summary)
    yield from _peers(summary.peers, most_peers)
    for kind, seen in sorted(summary.warnings.items(), key=lambda item: -item[1].times):
        yield ""
        span = f", {seen.first} to {seen.last}" if seen.first else ""
        yield f"{kind.name}: {seen.times} {'time' if seen.times == 1 else 'times'}{span}"
        yield f"  {seen.text}"
        yield f"  {kind.meaning}"
        yield f"  {kind.cure}"


def _cache(cache: Cache) -> Iterator[str]:
    for by, what in _BY:
        hits, misses = cache.lookups[by, True], cache.lookups[by, False]
        rate = _rate(hits, hits + misses)
        yield f"  lookups by {what:<12}{hits:>9} hits{misses:>9} misses {rate:>7}"
    sessions, endpoints = cache.maxima.connections, cache.maxima.addresses
    yield f"  most at once: {sessions} sessions, {endpoints} endpoints, {cache.maxima.domains} destinations"


def _over_time(summary: Summary) -> Iterator[str]:
    step, periods = summary.over_time(_MOST_PERIODS)
    yield ""
    yield f"in periods of {_length(step)}"
    yield f"  {'from':<17}{'lookups':>9}{'hits':>8}{'sessions':>10}{'mails':>8}{'reused':>8}"
    for at, period in periods:
        lookups = period.cache.lookups
        hits = lookups["domain", True] + lookups["address", True]
        rate = _rate(hits, lookups.total())
        yield (
            f"  {at:%Y-%m-%d %H:%M} {lookups.total():>9}{rate:>8}{period.cache.maxima.connections:>10}"
            f"{period.mails:>8}{_rate(period.reused, period.mails):>8}"
        )


def _peers(peers: dict[str, Peer], most: int) -> Iterator[str]:
    if not peers:
        return
    yield ""
    yield "peers: mails, reused, most mails a connection, hung up or said 421"
    busiest = sorted(peers.items(), key=lambda item: (-item[1].mails, item[0]))
    for name, peer in busiest[:most]:
        rate = _rate(peer.reused, peer.mails)
        yield f"  {peer.mails:>9}{rate:>8}{max(peer.uses, default=0):>7}{peer.ends:>7}  {name}"
    if len(busiest) > most:
        rest = [peer for _name, peer in busiest[most:]]
        mails = sum(peer.mails for peer in rest)
        yield f"  {mails:>9}{_rate(sum(peer.reused for peer in rest), mails):>8}  {len(rest)} more peers"


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _length(step: timedelta) -> str:
    minutes = int(step.total_seconds()) // 60
    for unit, size in (("days", 1440), ("hours", 60), ("minutes", 1)):
        if minutes % size == 0 and minutes > size:
            return f"{minutes // size} {unit}"
    return {1: "a minute", 60: "an hour", 1440: "a day"}[minutes]


def _document(summary: Summary) -> dict[str, Any]:
    whole = summary.whole()
    step, periods = summary.over_time(_MOST_PERIODS)
    return {
        "from": _moment(summary.first),
        "to": _moment(summary.last),
        "mails": whole.mails,
        "reused": whole.reused,
        "caches": {name: _cache_document(cache) for name, cache in sorted(summary.caches.items())},
        "period_seconds": int(step.total_seconds()),
        "periods": [
            {
                "from": _moment(at),
                "mails": period.mails,
                "reused": period.reused,
                **_cache_document(period.cache),
            }
            for at, period in periods
        ],
        "peers": {
            name: {"uses": {str(use): times for use, times in sorted(peer.uses.items())}, "ends": peer.ends}
            for name, peer in sorted(summary.peers.items())
        },
        "warnings": [
            {
                "name": kind.name,
                "times": seen.times,
                "first": _moment(seen.first),
                "last": _moment(seen.last),
                "text": seen.text,
                "meaning": kind.meaning,
                "cure": kind.cure,
            }
            for kind, seen in summary.warnings.items()
        ],
    }


def _cache_document(cache: Cache) -> dict[str, Any]:
    most = cache.maxima
    return {
        "lookups": {
            what: {"hits": cache.lookups[by, True], "misses": cache.lookups[by, False]} for by, what in _BY
        },
        "most": {"destinations": most.domains, "endpoints": most.addresses, "sessions": most.connections},
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _draw(summary: Summary, path: Path) -> None:
    step, found = summary.over_time(200)
    periods = list(found)
    if not periods:
        raise UsageError(f"{path}: no line of the log has a moment, so nothing can be drawn over time")
    times = [at for at, _period in periods]
    with chart(path, f"connection caching, in periods of {_length(step)}", rows=3, height=2.0) as (
        lookups,
        reuse,
        cached,
    ):
        for name, colour, hit in (("hits", HIT, True), ("misses", MISS, False)):
            counts = [sum(period.cache.lookups[by, hit] for by, _what in _BY) for _at, period in periods]
            lookups.plot(times, counts, color=colour, label=name, marker=".")
        reuse.plot(
            times, [period.mails for _at, period in periods], color=INK, label="mails sent", marker="."
        )
        reuse.plot(
            times,
            [period.reused for _at, period in periods],
            color=HIT,
            label="over a used connection",
            marker=".",
        )
        sessions = [period.cache.maxima.connections for _at, period in periods]
        cached.plot(times, sessions, color=THIRD, label="most sessions cached at once", marker=".")
        for axes in (lookups, reuse, cached):
            axes.set(ylim=(0, None))
            axes.legend(loc="upper left")
