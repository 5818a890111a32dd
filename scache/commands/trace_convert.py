"""`scache trace convert`: a trace in the present format, from older ones, other compressions, or parts."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import UsageError
from scache.trace.format.line import encode_header
from scache.trace.format.output import new_trace
from scache.trace.format.reader import TraceReader

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.epilog = (
        "Example: scache trace convert part.jsonl.gz part.2.jsonl.gz whole.jsonl.zst. Exit status: 0, or "
        "2 where it can't be done."
    )
    parser.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="trace, or all parts of one in order"
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="new trace; .gz and .zst are compressed")


def run(arguments: argparse.Namespace) -> int:
    """Copy; 0. Raises TraceError, OSError; UsageError for files that aren't parts of one recording."""
    with ExitStack() as stack:
        traces = [stack.enter_context(TraceReader(path, say)) for path in arguments.files]
        first = traces[0].header
        for number, trace in enumerate(traces[1:], start=first.part + 1):
            if trace.header.missing:
                raise UsageError(f"{trace.path}: {trace.header.missing} events are missing before it")
            as_first = replace(trace.header, part=first.part, continued=first.continued)
            if trace.header.part != number or encode_header(as_first) != encode_header(first):
                raise UsageError(f"{trace.path} is not part {number} of the recording")
        writer = stack.enter_context(new_trace(arguments.output, first))
        for trace in traces:
            for event in with_progress(trace):
                writer.write(event)
    return 0
