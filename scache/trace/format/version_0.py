"""Version 0 of the trace format: one JSON object with a list of exchanges, each a connection's steps.

It has no times (every event is given 0 seconds) and doesn't say which session a descriptor belongs to.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from scache.errors import TraceError
from scache.rights import MOST_DESCRIPTORS
from scache.trace.format.events import UNKNOWN_TOKEN

__all__ = ["from_exchanges"]

#: 2027-01-15 08:00:00 UTC, in seconds since the epoch: version 0 has no start either.
START = 1_800_000_000.0

_SIDES = {"C>": "client", "C> (1 byte at a time)": "client", "S<": "server"}
_WORDS = {"EOF": "close", "close": "close", "shutdown(SHUT_WR)": "end"}


def from_exchanges(objects: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The objects of version 1: a header, then each exchange as a connection of its own."""
    document = next(objects)
    yield {
        "format": "scache-trace",
        "version": 1,
        "recorder": "exchanges",
        "scenario": str(document.get("about", "")),
        "clock": "seconds",
        "start": START,
        "dialect": {"announcement": True, "write_wait": True, "read_wait": True},
    }
    exchanges = document["exchanges"]
    if not isinstance(exchanges, list):
        raise TraceError('"exchanges" is not a list')
    for connection, exchange in enumerate(exchanges, start=1):
        yield from _connection(connection, exchange)


def _connection(connection: int, exchange: Any) -> Iterator[dict[str, Any]]:
    common = {"at": 0.0, "connection": connection}
    yield {**common, "event": "open", "from": "client"}
    for step in exchange.get("steps", ()) if isinstance(exchange, dict) else ():
        event = _event(step, f"exchange {connection}")
        if event.get("base64") == "":
            continue  # the server was silent
        yield {**common, **event}
        if event["event"] == "close":
            return
    yield {**common, "event": "close", "from": "client"}


def _event(step: Any, place: str) -> dict[str, Any]:
    try:
        who, what, *count = step
        side = _SIDES[who]
        if isinstance(what, str):
            return {"event": _WORDS[what], "from": side}
        data = base64.b64encode(bytes.fromhex(what["hex"])).decode()
        tokens = [UNKNOWN_TOKEN] * min(count[0] if count else 0, MOST_DESCRIPTORS)
    except (KeyError, TypeError, ValueError):
        raise TraceError(f"{place}: a step that is none") from None
    return {"event": "data", "from": side, "base64": data, "descriptors": tokens}
