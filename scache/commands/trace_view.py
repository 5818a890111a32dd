"""`scache trace view`: a trace as one page to look into."""

from __future__ import annotations

import argparse
from pathlib import Path

from scache.commands import trace_pass
from scache.errors import TraceError
from scache.files import check_writable, write_whole
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
    trace_pass.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the page; 0. Raises TraceError, UsageError, OSError."""
    check_writable(arguments.output)
    header, history = trace_pass.look_through(
        arguments.file, lambda header: History(header.start, arguments.ttl_limit)
    )
    if not history.connections:
        raise TraceError(f"{arguments.file}: nothing in it can be drawn")
    write_whole(arguments.output, page(history, header, arguments.file.name).encode())
    return 0
