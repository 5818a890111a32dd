"""`scache trace`: look at traces and make other traces of them."""

from __future__ import annotations

import argparse
import os
import sys

from scache.commands import (
    trace_convert,
    trace_diff,
    trace_filter,
    trace_plot,
    trace_redact,
    trace_show,
    trace_stat,
    trace_view,
)

__all__ = ["add_arguments", "run"]

_TOOLS = {
    "show": (trace_show, "print a trace as a dialogue, one line a message"),
    "stat": (trace_stat, "count requests, hits, reuse, idle times and cached sessions"),
    "filter": (trace_filter, "copy the exchanges that match"),
    "redact": (trace_redact, "copy with pseudonyms for domains, addresses and senders"),
    "diff": (trace_diff, "compare two traces, times aside"),
    "convert": (trace_convert, "copy in the present format, join parts, change the compression"),
    "plot": (trace_plot, "draw cached sessions, hits and misses, and waiting times as SVG"),
    "view": (trace_view, "make one page of HTML to look into: clients, sessions, why lookups missed"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tools and their options."""
    parser.epilog = (
        "Example: scache trace show traffic.jsonl.gz. Each tool has a --help of its own, with its exit "
        "statuses."
    )
    tools = parser.add_subparsers(dest="tool", required=True, metavar="TOOL")
    for name, (module, text) in _TOOLS.items():
        module.add_arguments(tools.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}."))


def run(arguments: argparse.Namespace) -> int:
    """Run the tool; its exit status. Raises ScacheError, OSError."""
    module, _ = _TOOLS[arguments.tool]
    try:
        status: int = module.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
