"""One pass over a whole trace, for the tools that show what went on in it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from scache.commands.numbers import positive
from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.trace.exchanges.exchange import Exchange, Exchanges
from scache.trace.format.events import Event, Header
from scache.trace.format.reader import TraceReader

__all__ = ["Onlooker", "add_arguments", "look_through"]


class Onlooker(Protocol):
    """Is shown a trace's events in their order, and each exchange behind the event that completes it."""

    def event(self, event: Event, /) -> None:
        """An event."""

    def exchange(self, exchange: Exchange, /) -> None:
        """A request and its answer."""


Looking = TypeVar("Looking", bound=Onlooker)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the option that each of these tools has."""
    parser.add_argument(
        "--ttl-limit",
        type=positive,
        default=2,
        metavar="SECONDS",
        help="connection_cache_ttl_limit of then (2)",
    )


def look_through(path: Path, begin: Callable[[Header], Looking]) -> tuple[Header, Looking]:
    """The trace's header, and the onlooker that `begin` makes for it, who has been shown everything.

    Raises TraceError, OSError, and UnavailableError where the library for its compression is missing.
    """
    exchanges = Exchanges()
    with TraceReader(path, say) as trace:
        onlooker = begin(trace.header)
        for event in with_progress(trace):
            onlooker.event(event)
            for exchange in exchanges.feed(event):
                onlooker.exchange(exchange)
        return trace.header, onlooker
