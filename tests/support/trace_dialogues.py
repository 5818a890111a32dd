"""Traces written by hand: events of whole exchanges, as the real daemon's dialogues have them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scache.protocol.dialect import ANNOUNCEMENT, DUMMY
from scache.trace.format.events import Event, Header, Kind, Side
from scache.trace.format.reader import TraceReader
from scache.trace.format.writer import TraceWriter

START = 1_800_000_000.0
HEADER = Header(recorder="by hand", start=START)


def words(*strings: str) -> bytes:
    """`a NUL b NUL ... NUL`: an attribute list."""
    return "".join(f"{string}\0" for string in strings).encode() + b"\0"


def client(at: float, connection: int, data: bytes, *tokens: str) -> Event:
    return Event(at, connection, Kind.DATA, Side.CLIENT, data, tokens)


def server(at: float, connection: int, data: bytes, *tokens: str) -> Event:
    return Event(at, connection, Kind.DATA, Side.SERVER, data, tokens)


def opens(at: float, connection: int) -> list[Event]:
    return [Event(at, connection, Kind.OPEN, Side.CLIENT), server(at, connection, ANNOUNCEMENT)]


def closes(at: float, connection: int, side: Side = Side.CLIENT) -> list[Event]:
    return [Event(at, connection, Kind.CLOSE, side)]


def save_endp(
    at: float, connection: int, label: str, token: str, prop: str = "P", ttl: str = "2"
) -> list[Event]:
    request = words("request", "save_endp", "ttl", ttl, "label", label, "property", prop)
    return [
        client(at, connection, request),
        server(at, connection, DUMMY),
        client(at, connection, b"\0", token),
        server(at, connection, words("status", "0")),
    ]


def save_dest(at: float, connection: int, label: str, endpoint: str, prop: str = "D") -> list[Event]:
    request = words("request", "save_dest", "ttl", "2", "label", label, "property", prop, "label", endpoint)
    return [client(at, connection, request), server(at, connection, words("status", "0"))]


def find_endp(at: float, connection: int, label: str, token: str | None, prop: str = "P") -> list[Event]:
    asked = client(at, connection, words("request", "find_endp", "label", label))
    if token is None:
        return [asked, server(at, connection, words("status", "2", "property", ""))]
    return [
        asked,
        server(at, connection, words("status", "0", "property", prop)),
        client(at, connection, DUMMY),
        server(at, connection, b"\0", token),
        client(at, connection, DUMMY),
    ]


def find_dest(
    at: float, connection: int, label: str, token: str | None, props: tuple[str, str] = ("D", "P")
) -> list[Event]:
    asked = client(at, connection, words("request", "find_dest", "label", label))
    if token is None:
        miss = words("status", "2", "property", "", "property", "")
        return [asked, server(at, connection, miss)]
    hit = words("status", "0", "property", props[0], "property", props[1])
    return [
        asked,
        server(at, connection, hit),
        client(at, connection, DUMMY),
        server(at, connection, b"\0", token),
        client(at, connection, DUMMY),
    ]


def write(path: Path, *groups: Iterable[Event], header: Header = HEADER) -> Path:
    """A trace of these events in this order."""
    with TraceWriter(path, header) as trace:
        for group in groups:
            for event in group:
                trace.write(event)
    return path


def read(path: Path) -> list[Event]:
    """All events of a trace that must be whole."""
    with TraceReader(path, lambda line: (_ for _ in ()).throw(AssertionError(line))) as trace:
        return list(trace)
