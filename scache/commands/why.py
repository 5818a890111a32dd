"""`scache why`: why the last lookup for a destination found nothing, and what to set."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scache.commands.asking import Asked, Silent, add_source
from scache.commands.reasons import cure, label_text, reason, span

__all__ = ["add_arguments", "run"]

_FOUND, _MISSED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache why example.com. Exit status: 0 it was found lately, or is cached; 1 it wasn't, and "
        "isn't, or the cache tells nothing (Postfix's); 2 it can't be asked."
    )
    parser.add_argument(
        "destination",
        metavar="DESTINATION",
        help="next hop (a domain, or [host]:port), or address of a server; or a part of a label",
    )
    add_source(parser)
    parser.add_argument("--log", type=Path, metavar="FILE", help="mail log, for a cache that tells nothing")


def run(arguments: argparse.Namespace) -> int:
    """Print a paragraph. Raises UnavailableError where the cache can't be asked."""
    asked = Asked(arguments)
    wanted = arguments.destination.encode("utf-8", "surrogateescape")
    try:
        told = asked.status(wanted)
        destinations, endpoints = _meant(told["destinations"], arguments.destination), told["endpoints"]
        if destinations:
            labels = dict.fromkeys(label for row in destinations for label in row["endpoints"])
            endpoints = _of_labels(asked, labels) or _meant(endpoints, arguments.destination)
        else:
            endpoints = _meant(endpoints, arguments.destination)
    except Silent as silent:
        print(silent)
        for line in (*asked.parameters(), *asked.log_lines(arguments.log)):
            print(line)
        print(f"whether a delivery to it could reuse a connection: scache check {arguments.destination}")
        return _MISSED
    rows = [*destinations, *endpoints]
    said = " ".join(_sentences(arguments.destination, destinations, endpoints))
    print("\n".join(textwrap.wrap(said, 100, break_long_words=False, break_on_hyphens=False)))
    return _FOUND if any(row["hits"] or row.get("sessions") for row in rows) else _MISSED


def _meant(rows: list[dict[str, Any]], destination: str) -> list[dict[str, Any]]:
    """Those that are about it: where a line of some label is the very word, only these."""
    words = {destination, f"[{destination}]", destination.strip("[]")}
    exact = [row for row in rows if words & set(row["label"].split("\n"))]
    return exact or rows


def _of_labels(asked: Asked, labels: dict[str, None]) -> list[dict[str, Any]]:
    """The endpoints of these labels."""
    found = []
    for label in labels:
        told = asked.status(label.encode("utf-8", "surrogateescape"))
        found += [row for row in told["endpoints"] if row["label"] == label]
    return found


def _sentences(
    destination: str, destinations: list[dict[str, Any]], endpoints: list[dict[str, Any]]
) -> Iterator[str]:
    rows = [*destinations, *endpoints]
    if not rows:
        yield (
            f"{destination}: nothing is cached, and nobody has asked for it lately. smtp(8) asks only where "
            f"it caches: `scache check {destination}` says whether it does, and what the next hop is called."
        )
        return
    sessions = sum(row["sessions"] for row in endpoints)
    names = ", ".join([label_text(row["label"]) for row in endpoints if row["sessions"]][:3])
    yield f"{destination}: {sessions} {'session' if sessions == 1 else 'sessions'} cached" + (
        f" at {names}." if sessions else "."
    )
    for row in destinations or endpoints:
        name, times = label_text(row["label"]), row["hits"] + row["misses"]
        yield f"{name} was asked for {times} times lately, with {row['hits']} hits."
        if (miss := row["missed"]) is not None:
            yield f"The last one that found nothing was {span(miss['ago'])} ago: {reason(miss)}."
            yield cure(miss, cached=sessions > 0)
    if destinations:
        for row in endpoints:
            if (miss := row["missed"]) is not None and "near" in miss:
                yield f"Its endpoint {label_text(row['label'])}: {reason(miss)}. {cure(miss)}"
