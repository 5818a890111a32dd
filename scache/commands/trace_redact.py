"""`scache trace redact`: copy with pseudonyms for domains, addresses and senders."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.errors import ScacheError, UsageError
from scache.trace.format.events import Event
from scache.trace.format.output import new_trace
from scache.trace.format.reader import TraceReader
from scache.trace.redact.pseudonyms import words_of
from scache.trace.redact.redaction import Redaction, strings_of

__all__ = ["add_arguments", "run"]

#: Strings that are remembered as free of names, as most come again and again.
_REMEMBERED = 1 << 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the tool's options."""
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="new trace")


def run(arguments: argparse.Namespace) -> int:
    """Copy, then look through the copy for any original name; 0.

    Raises TraceError, UsageError, OSError; ScacheError, and there is no output, where a name is left.
    """
    redaction = Redaction()
    with TraceReader(arguments.file, say) as trace:
        if trace.header.redacted:
            raise UsageError(f"{arguments.file}: its names are pseudonyms already")
        header = replace(trace.header, redacted=True, scenario=None)  # its words could name somebody
        with new_trace(arguments.output, header) as output:
            for event in with_progress(trace):
                for redacted in redaction.redact(event):
                    output.write(redacted)
            output.flush()
            _check(arguments.output, redaction.pseudonyms.originals)
    return 0


def _check(path: Path, originals: set[str]) -> None:
    @lru_cache(_REMEMBERED)
    def name_in(text: str) -> str | None:
        return next((word for word in words_of(text) if word in originals), None)

    def name_left(event: Event) -> str | None:
        return next(filter(None, map(name_in, strings_of(event))), None)

    with TraceReader(path, say) as copy:
        for event in with_progress(copy):
            name = name_left(event)
            if name is not None:
                raise ScacheError(f"{path}:{copy.line}: the name {name!r} is still there; no copy made")
