"""`scache trace diff`: compare two traces, times aside."""

from __future__ import annotations

import argparse
from pathlib import Path

from scache.commands.numbers import count
from scache.commands.terminal import say
from scache.errors import UsageError
from scache.trace.exchanges.comparison import Comparison
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace diff real.jsonl.gz ours.jsonl.gz. Exit status: 0 they are alike, 1 they "
        "differ, 2 one can't be read."
    )
    parser.add_argument("first", type=Path, metavar="FIRST", help="trace")
    parser.add_argument("second", type=Path, metavar="SECOND", help="trace")
    parser.add_argument(
        "--show", type=count, default=10, metavar="COUNT", help="how many differences to show (10)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the differences; 0 where there are none, 1 otherwise.

    Raises UsageError where there is nothing to compare, TraceError, OSError.
    """
    shown = 0
    with TraceReader(arguments.first, say) as first, TraceReader(arguments.second, say) as second:
        comparison = Comparison(first, second)
        for difference in comparison.differences():
            shown += 1
            if shown <= arguments.show:
                print(f"connection {difference.connection}")
                print(f"  {arguments.first}:{difference.first_line}: {difference.first}")
                print(f"  {arguments.second}:{difference.second_line}: {difference.second}")
    if not (shown or comparison.compared):
        raise UsageError(f"{arguments.first}, {arguments.second}: no message in them to compare")
    print(f"{shown} differences in {comparison.compared} messages")
    return 1 if shown else 0
