"""`scache zipapp`: write the daemon as one executable file for daemon_directory."""

from __future__ import annotations

import argparse
from pathlib import Path

from scache.admin.zipapp import build, write_program
from scache.files import check_writable

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = "Example: scache zipapp scache.pyz. Exit status: 0 written, 2 it can't be."
    parser.add_argument("out", metavar="OUT", type=Path, help="the file to write; it must not exist")
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="/usr/bin/python3",
        help="absolute path of the interpreter that runs it (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the file; 0. Raises UsageError where it exists, UnavailableError, OSError."""
    out: Path = arguments.out
    check_writable(out)
    write_program(out, build(arguments.python))
    print(f"{out}: written")
    return 0
