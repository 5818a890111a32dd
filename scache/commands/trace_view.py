"""`scache trace view`: a trace as one page to look into."""

from __future__ import annotations

import argparse
from pathlib import Path

from scache.commands.numbers import positive
from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import TraceError
from scache.files import check_writable, write_whole
from scache.trace.exchanges.exchange import Exchanges
from scache.trace.format.reader import TraceReader
from scache.trace.view.history import History
from scache.trace.view.page import page

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace view traffic.jsonl.gz -o traffic.html. Exit status: 0, or 2 where it can't be "
        "made."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="PAGE.html",
        help="new page, which needs nothing else",
    )
    parser.add_argument(
        "--ttl-limit",
        type=positive,
        default=2,
        metavar="SECONDS",
        help="connection_cache_ttl_limit of then (2)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the page; 0. Raises TraceError, UsageError, OSError."""
    check_writable(arguments.output)
    exchanges = Exchanges()
    with TraceReader(arguments.file, say) as trace:
        history = History(trace.header.start, arguments.ttl_limit)
        for event in with_progress(trace):
            history.event(event)
            for exchange in exchanges.feed(event):
                history.exchange(exchange)
        header = trace.header
    if not history.connections:
        raise TraceError(f"{arguments.file}: nothing in it can be drawn")
    write_whole(arguments.output, page(history, header, arguments.file.name).encode())
    return 0
