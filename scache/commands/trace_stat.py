"""`scache trace stat`: what a trace comes to, in numbers."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scache.commands import trace_pass
from scache.commands.numbers import count
from scache.trace.exchanges.exchange import BAD, FAIL, OK
from scache.trace.exchanges.labels import short_label
from scache.trace.exchanges.session_book import duration_text
from scache.trace.figures.census import Census

__all__ = ["add_arguments", "run"]

_RESULTS = {OK: "ok", BAD: "bad", FAIL: "failed", None: "unanswered"}
_BAR = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace stat traffic.jsonl.gz. Exit status: 0, or 2 where it can't be read."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument(
        "--labels", type=count, default=10, metavar="COUNT", help="busiest labels to list (10)"
    )
    trace_pass.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the statistics; 0. Raises TraceError, OSError."""
    _header, census = trace_pass.look_through(
        arguments.file, lambda header: Census(header.start, arguments.ttl_limit)
    )
    census.finish()
    print(
        json.dumps(_as_json(census), indent=1)
        if arguments.json
        else "\n".join(_lines(census, arguments.labels))
    )
    return 0


def _lines(census: Census, most: int) -> Iterator[str]:
    yield f"{census.events} events in {census.last:.1f} s"
    yield f"{census.connections} connections, {census.most_connections} at once at most"
    yield f"{census.book.peak} sessions cached at once at most"
    yield ""
    yield "requests"
    for (request, status), times in sorted(census.requests.items(), key=lambda item: -item[1]):
        yield f"  {request:<12}{_RESULTS.get(status, str(status)):<12}{times:>9}"
    for kind, of in (("find_dest", "destination"), ("find_endp", "endpoint")):
        yield from _rates(census, kind, of, most)
    yield from _histogram("sessions by number of times found", census.reuses, str)
    yield from _histogram("seconds in the cache until found", census.waited[True], duration_text)
    yield from _histogram("seconds in the cache until expired unused", census.waited[False], duration_text)
    yield from _histogram(
        "lifetime of sessions, from first saved to last seen", census.lifetimes, duration_text
    )
    yield from _endings(census, most)


def _rates(census: Census, kind: str, of: str, most: int) -> Iterator[str]:
    if kind not in census.by_kind:
        return
    total = census.by_kind[kind]
    yield ""
    yield f"lookups by {of}: {total.hits} hits, {total.misses} misses, {total.rate:.1%}"
    labels = [(label, lookups) for (request, label), lookups in census.by_label.items() if request == kind]
    labels.sort(key=lambda item: -(item[1].hits + item[1].misses))
    for label, lookups in labels[:most]:
        yield f"  {lookups.hits:>9} hits{lookups.misses:>9} misses {lookups.rate:>7.1%}  {short_label(label)}"
    if len(labels) > most:
        yield f"  ... and {len(labels) - most} more"


def _endings(census: Census, most: int) -> Iterator[str]:
    peers = [(label, peer) for label, peer in census.endings.peers.items() if peer.ended]
    if not peers:
        return
    yield ""
    yield "sessions that were found and not saved again, by mails served"
    for label, peer in sorted(peers, key=lambda item: -item[1].ended.total())[:most]:
        counts = ", ".join(f"{mails}: {count}" for mails, count in sorted(peer.ended.items()))
        yield f"  {label}  {counts}"
    if len(peers) > most:
        yield f"  ... and {len(peers) - most} more"


def _histogram(title: str, counts: Counter[int], named: Any) -> Iterator[str]:
    if not counts:
        return
    yield ""
    yield title
    most = max(counts.values())
    for value in sorted(counts):
        yield f"  {named(value):>10}{counts[value]:>9} {'#' * max(1, counts[value] * _BAR // most)}"


def _as_json(census: Census) -> dict[str, Any]:
    return {
        "events": census.events,
        "seconds": round(census.last, 6),
        "connections": census.connections,
        "most_connections": census.most_connections,
        "most_sessions": census.book.peak,
        "requests": {
            f"{request} {_RESULTS.get(status, status)}": count
            for (request, status), count in sorted(census.requests.items(), key=str)
        },
        "lookups": {
            kind: {"hits": lookups.hits, "misses": lookups.misses} for kind, lookups in census.by_kind.items()
        },
        "reuses": {str(times): count for times, count in sorted(census.reuses.items())},
    }
