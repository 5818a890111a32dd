"""`scache trace`: look at traces and make other traces of them."""

from __future__ import annotations

import argparse
import os
import sys

from scache.trace import (
    convert_command,
    diff_command,
    filter_command,
    plot_command,
    redact_command,
    show_command,
    stat_command,
)

__all__ = ["add_arguments", "run"]

_TOOLS = {
    "show": (show_command, "print a trace as a dialogue, one line a message"),
    "stat": (stat_command, "count requests, hits, reuse, idle times and cached sessions"),
    "filter": (filter_command, "copy the exchanges that match"),
    "redact": (redact_command, "copy with pseudonyms for domains, addresses and senders"),
    "diff": (diff_command, "compare two traces, times aside"),
    "convert": (convert_command, "copy in the present format, join parts, change the compression"),
    "plot": (plot_command, "draw cached sessions, hits and misses, and waiting times as SVG"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tools and their options."""
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
