"""`scache trace redact`: copy with pseudonyms for domains, addresses and senders."""

from __future__ import annotations

import argparse
from pathlib import Path

from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import ScacheError, UsageError
from scache.trace.format.output import new_trace
from scache.trace.format.reader import TraceReader
from scache.trace.redact.redaction import Redaction, Renumbering, redacted_header
from scache.trace.redact.search import NameSearch

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace redact traffic.jsonl.gz public.jsonl.gz. Exit status: 0, or 2 where it "
        "can't be done."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="new trace")


def run(arguments: argparse.Namespace) -> int:
    """Copy, then look through the copy for anything of the original; 0.

    Raises TraceError, UsageError, OSError; ScacheError, and there is no output, where a name is left.
    """
    with TraceReader(arguments.file, say) as trace:
        if trace.header.redacted:
            raise UsageError(f"{arguments.file}: its names are pseudonyms already")
        redaction = Redaction(trace.header.start)
        renumbering = Renumbering()
        with new_trace(arguments.output, redacted_header(trace.header, renumbering)) as output:
            for event in with_progress(trace):
                for redacted in redaction.redact(event):
                    output.write(renumbering.event(redacted))
            output.flush()
            left = NameSearch(arguments.file).first_left(arguments.output)
            if left is not None:
                line, word = left
                raise ScacheError(f"{arguments.output}:{line}: {word!r} is still there; no copy made")
    return 0
