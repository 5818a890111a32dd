"""`scache status`: how a running cache is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scache.commands.asking import Asked, Silent, add_source
from scache.commands.reasons import label_text, reason, span
from scache.config.parameters import PARAMETERS
from scache.config.settings import Settings

__all__ = ["add_arguments", "run"]

_FINE, _SILENT = 0, 1
_ROWS = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache status --socket /run/scache/scache. Under Postfix, the daemon of this project tells "
        "where scache_status_request = yes. Exit status: 0 it has told, 1 it answers but tells nothing "
        "(Postfix's; what can be learnt without it is shown), 2 it can't be asked."
    )
    add_source(parser)
    parser.add_argument("--log", type=Path, metavar="FILE", help="mail log, for a cache that tells nothing")
    parser.add_argument("--json", action="store_true", help="what it tells, as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print it; 0, or 1 where the cache tells nothing. Raises UnavailableError where it can't be asked."""
    asked = Asked(arguments)
    try:
        told = asked.status()
    except Silent as silent:
        print(silent)
        for line in (*asked.parameters(), *asked.log_lines(arguments.log)):
            print(line)
        return _SILENT
    for line in [json.dumps(told, indent=1)] if arguments.json else _lines(told):
        print(line)
    return _FINE


def _lines(told: dict[str, Any]) -> Iterator[str]:
    cached = told["cached"]
    yield f"scache {told['version']}, up {span(told['seconds'])}, {told['clients']} clients"
    yield (
        f"cached: {cached['sessions']} sessions of {cached['endpoints']} endpoints, {cached['bindings']} "
        f"bindings of {cached['destinations']} destinations, {cached['bytes'] / 1000:.1f} kB"
    )
    for what in ("destination", "endpoint"):
        hits, misses = told["lookups"][what]["hits"], told["lookups"][what]["misses"]
        rate = f", {hits / (hits + misses):.1%}" if hits + misses else ""
        yield f"lookups by {what}: {hits} hits, {misses} misses{rate}"
    ended = told["ended_by_peer"]
    if any(ended.values()):
        yield f"ended by their peers: {ended['closed']} sessions closed, {ended['spoke']} spoken to"
    if told["ages"]["count"]:
        counts = ", ".join(
            f"{number} up to {age} s" for age, number in told["ages"]["at_most"].items() if number
        )
        yield f"sessions by age: {counts}"
    yield from _settings(told["settings"])
    yield from _table(
        "destinations",
        f"{'hits':>8}{'misses':>8}{'expires':>9}",
        [
            (f"{row['hits']:>8}{row['misses']:>8}{_time(row['expires']):>9}", row)
            for row in told["destinations"]
        ],
    )
    yield from _table(
        "endpoints",
        f"{'hits':>8}{'misses':>8}{'sessions':>10}{'oldest':>8}{'expires':>9}",
        [
            (
                f"{row['hits']:>8}{row['misses']:>8}{row['sessions']:>10}{_time(row['oldest']):>8}"
                f"{_time(row['expires']):>9}",
                row,
            )
            for row in told["endpoints"]
        ],
    )
    misses = [*told["misses"]["destination"], *told["misses"]["endpoint"]]
    if misses:
        yield ""
        yield "last lookups that found nothing"
    for miss in sorted(misses, key=lambda each: int(each["ago"]))[:_ROWS]:
        yield f"  {span(miss['ago'])} ago, {label_text(miss['label'])}: {reason(miss)}"


def _settings(settings: dict[str, Any]) -> Iterator[str]:
    """Those that aren't the default ones, as main.cf has them."""
    default = Settings()
    for parameter in PARAMETERS:
        value = settings[parameter.field]
        if parameter.field == "goodbye":
            value = {service.encode(): text.encode() for service, text in value.items()}
        if value != getattr(default, parameter.field, getattr(default.dialect, parameter.field, None)):
            yield f"{parameter.name} = {parameter.kind.show(value)}"


def _table(title: str, head: str, rows: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield f"{head}  {title}"
    for figures, row in rows[:_ROWS]:
        yield f"{figures}  {label_text(row['label'])}"
    if len(rows) > _ROWS:
        yield f"  and {len(rows) - _ROWS} more (--json, or scache top)"


def _time(seconds: int | None) -> str:
    return "-" if seconds is None else f"{seconds} s"
