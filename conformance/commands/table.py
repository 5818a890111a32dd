"""`python -m conformance table`."""

from __future__ import annotations

import argparse
import sys

from conformance.catalogue.table import DOCUMENT, document
from conformance.sabotage.table import kinds, rows

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `table`."""
    parser.epilog = (
        "Example: scache-conformance table --check. Exit status: 0 it is up to date, 1 it isn't (--check), 2 "
        "it can't be written."
    )
    parser.add_argument("--check", action="store_true", help="write nothing")


def run(arguments: argparse.Namespace) -> int:
    """Write docs/conformance.md, or with --check compare it. Exit status 0: it is up to date, 1: it isn't."""
    wanted = document(rows(), kinds())
    present = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    if present == wanted:
        print(f"{DOCUMENT.name} is up to date")
        return 0
    if arguments.check:
        print(f"{DOCUMENT.name} is out of date: run python -m conformance table", file=sys.stderr)
        return 1
    DOCUMENT.write_text(wanted)
    print(f"{DOCUMENT.name} written")
    return 0
