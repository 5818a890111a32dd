"""`scache trace filter`: copy the exchanges that match."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path

from scache.commands.numbers import count, moment
from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import UsageError
from scache.protocol.request import REQUESTS
from scache.trace.exchanges.exchange import BAD, FAIL, OK, Exchange
from scache.trace.exchanges.labels import short_label
from scache.trace.exchanges.selection import Selection
from scache.trace.format.output import new_trace
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]

_REQUESTS = [name.decode() for name in REQUESTS]

_RESULTS: dict[str, Callable[[Exchange], bool]] = {
    "ok": lambda exchange: exchange.status == OK,
    "hit": lambda exchange: exchange.is_hit,
    "miss": lambda exchange: exchange.is_find and exchange.status == FAIL,
    "failed": lambda exchange: exchange.status == FAIL,
    "bad": lambda exchange: exchange.status == BAD,
    "unanswered": lambda exchange: exchange.status is None,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace filter traffic.jsonl.gz some.jsonl.gz --label 'smtp/*.example*'. Exit status: "
        "0, or 2 where it can't be done."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="new trace")
    parser.add_argument(
        "--connection", type=count, action="append", metavar="NUMBER", help="of this connection (repeatable)"
    )
    parser.add_argument(
        "--label",
        type=_pattern,
        metavar="PATTERN",
        help="with a label, as `show` and `stat` have it, like smtp/*.example*",
    )
    parser.add_argument(
        "--request", action="append", choices=_REQUESTS, help="with this request (repeatable)"
    )
    parser.add_argument("--result", choices=_RESULTS, help="with this result")
    parser.add_argument(
        "--from", dest="begin", type=moment, default=0.0, metavar="SECONDS", help="asked no sooner"
    )
    parser.add_argument(
        "--to", dest="end", type=moment, default=math.inf, metavar="SECONDS", help="asked before that"
    )


def run(arguments: argparse.Namespace) -> int:
    """Copy; 0. Raises TraceError, UsageError, OSError."""
    if arguments.begin >= arguments.end:
        raise UsageError(f"--from {arguments.begin:g} --to {arguments.end:g}: there is no time in between")

    def wanted(exchange: Exchange) -> bool:
        return (
            (arguments.connection is None or exchange.connection in arguments.connection)
            and arguments.begin <= exchange.asked < arguments.end
            and (arguments.request is None or exchange.request in arguments.request)
            and (arguments.result is None or _RESULTS[arguments.result](exchange))
            and (arguments.label is None or _has_label(exchange, arguments.label))
        )

    with TraceReader(arguments.file, say) as trace, new_trace(arguments.output, trace.header) as output:
        for event in Selection(wanted).select(with_progress(trace)):
            output.write(event)
    return 0


def _has_label(exchange: Exchange, pattern: re.Pattern[str]) -> bool:
    return any(pattern.fullmatch(short_label(label)) for label in exchange.labels)


def _pattern(text: str) -> re.Pattern[str]:
    """Of the shell's patterns only * and ?: brackets are part of many labels."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))
