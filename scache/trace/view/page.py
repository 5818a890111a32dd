"""A trace's history as one page of HTML that needs nothing else."""

from __future__ import annotations

import base64
import gzip
import heapq
import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any, TypeVar

from scache.trace.exchanges.exchange import BAD, FAIL, OK, Exchange
from scache.trace.exchanges.labels import short_label
from scache.trace.format.events import Header
from scache.trace.view.history import CAUSES, History

__all__ = ["as_columns", "page"]

_ASSETS = Path(__file__).parent / "assets"
_REQUESTS = ("find_dest", "find_endp", "save_dest", "save_endp")
_RESULTS = ("hit", "miss", "ok", "failed", "bad", "unanswered")
_ENDS = ("", "found", "expired", "ended")

#: More connections than this share rows, one after the other.
_MOST_ROWS = 40

T = TypeVar("T")


def page(history: History, header: Header, name: str) -> str:
    """The page's text. name: of the trace."""
    data = gzip.compress(json.dumps(as_columns(history), separators=(",", ":")).encode(), mtime=0)
    texts = {
        "title": escape(header.scenario or name),
        "name": escape(name),
        "when": f"{datetime.fromtimestamp(header.start, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "style": (_ASSETS / "view.css").read_text(),
        "script": "\n".join((_ASSETS / name).read_text() for name in ("lanes.js", "view.js")),
        "data": base64.b64encode(data).decode(),
    }
    pieces = (_ASSETS / "view.html").read_text().split("@@")  # text, name, text, name, ..., text
    return "".join(piece if at % 2 == 0 else texts[piece] for at, piece in enumerate(pieces))


def as_columns(history: History) -> dict[str, Any]:
    """Everything as columns, times in milliseconds since the trace's start."""
    labels: dict[str, int] = {}
    texts: dict[str, int] = {"": 0}
    rows = _rows(history)
    numbers = {number: at for at, number in enumerate(history.connections)}
    asked = [
        (
            _ms(each.exchange.asked),
            _ms(each.exchange.answered),
            numbers[each.exchange.connection],
            _index(_REQUESTS, each.exchange.request),
            _RESULTS.index(_result(each.exchange)),
            _number(labels, short_label(each.exchange.labels[0]) if each.exchange.labels else ""),
            -1 if each.session is None else each.session,
            _index(CAUSES, each.cause),
            _number(texts, each.text),
        )
        for each in sorted(history.asked, key=lambda each: each.exchange.answered)
    ]
    sessions = [
        (
            _ms(each.saved),
            _ms(history.last if each.left is None else each.left),
            _number(labels, short_label(each.label)),
            _ENDS.index(each.end),
            numbers[each.saver],
            -1 if each.finder is None else numbers[each.finder],
        )
        for each in history.sessions
    ]
    connections = [
        (number, rows[number], _ms(begun), _ms(history.last if ended is None else ended))
        for number, (begun, ended) in history.connections.items()
    ]
    return {
        "end": _ms(history.last),
        "requests": _REQUESTS,
        "results": _RESULTS,
        "causes": CAUSES,
        "ends": _ENDS,
        "asked": list(zip(*asked, strict=True)) or [[]] * 9,
        "sessions": list(zip(*sessions, strict=True)) or [[]] * 6,
        "connections": list(zip(*connections, strict=True)) or [[]] * 4,
        "labels": list(labels),
        "texts": list(texts),
    }


def _rows(history: History) -> dict[int, int]:
    """The row of each connection: its own, or where they are many, one that was free when it began."""
    if len(history.connections) <= _MOST_ROWS:
        return {number: at for at, number in enumerate(history.connections)}
    rows: dict[int, int] = {}
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    for number, (begun, ended) in sorted(history.connections.items(), key=lambda each: each[1][0]):
        while busy and busy[0][0] <= begun:
            heapq.heappush(free, heapq.heappop(busy)[1])
        row = heapq.heappop(free) if free else len(busy)
        heapq.heappush(busy, (history.last if ended is None else ended, row))
        rows[number] = row
    return rows


def _result(exchange: Exchange) -> str:
    if exchange.status == OK:
        return "hit" if exchange.is_hit else "ok"
    if exchange.status == FAIL:
        return "miss" if exchange.is_find else "failed"
    return "bad" if exchange.status == BAD else "unanswered"


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _index(values: tuple[str, ...], value: str) -> int:
    return values.index(value) if value in values else -1


def _number(numbers: dict[T, int], value: T) -> int:
    return numbers.setdefault(value, len(numbers))
