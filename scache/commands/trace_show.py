"""`scache trace show`: a trace as a dialogue."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.trace.exchanges.dialogue import Dialogue
from scache.trace.format.events import Header
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace show traffic.jsonl.gz. Exit status: 0, or 2 where it can't be read."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")


def run(arguments: argparse.Namespace) -> int:
    """Print the dialogue; 0. Raises TraceError, OSError."""
    dialogue = Dialogue()
    write = sys.stdout.write
    with TraceReader(arguments.file, say) as trace:
        write(_header(trace.header))
        for event in with_progress(trace):
            for line in dialogue.lines(event):
                write(line + "\n")
    return 0


def _header(header: Header) -> str:
    start = datetime.fromtimestamp(header.start, UTC)
    steps = ", ".join(name for name in type(header.dialect).__slots__ if getattr(header.dialect, name))
    lines = [
        f"# recorded by {header.recorder} from {start:%Y-%m-%d %H:%M:%S} UTC; extra steps: {steps or 'none'}",
        f"# Postfix {header.postfix}" if header.postfix else "",
        f"# {header.scenario}" if header.scenario else "",
        f"# part {header.part} of a recording" if header.part > 1 else "",
        "# names are pseudonyms" if header.redacted else "",
        "#     seconds  conn >> from the client, << from the server",
    ]
    return "".join(f"{line}\n" for line in lines if line)
