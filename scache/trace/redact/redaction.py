"""Replacing the names in a trace, event by event.

What both sides send is lists of names and values, strings that end in NUL, up to an empty name. Names and
values of the protocol stay, labels and properties are replaced by their grammar, everything else altogether.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from re import fullmatch

from scache.trace.format.events import UNKNOWN_TOKEN, Event, Header, Kind, Side
from scache.trace.format.tokens import SessionTokens
from scache.trace.redact.grammar import Grammar
from scache.trace.redact.pseudonyms import Pseudonyms

__all__ = ["Redaction", "Renumbering", "redacted_header"]

#: Values that each attribute of the protocol can have, where they are words.
_WORDS = {
    b"request": frozenset([b"save_endp", b"find_endp", b"save_dest", b"find_dest"]),
    b"protocol": frozenset([b"connection_cache_protocol"]),
    b"dummy": frozenset([b""]),
    b"status": frozenset([b"0", b"1", b"2"]),
}
_TTL, _LABEL, _PROPERTY = b"ttl", b"label", b"property"
_NAMES = frozenset([*_WORDS, _TTL, _LABEL, _PROPERTY])

#: Seconds; what is beyond, or no number, becomes this: any daemon would shorten it.
_LONGEST_TTL = 99999

#: Chunks of strings whose pseudonyms are at hand.
REMEMBERED = 1 << 14


class Redaction:
    """Gives each event with pseudonyms in it. start: of the trace, in seconds since the epoch.

    A string that comes in several pieces is given with its last one: its pseudonym may be longer or shorter.
    """

    def __init__(self, start: float) -> None:
        self._pseudonyms = Pseudonyms()
        self._grammar = Grammar(self._pseudonyms, start)
        self._pieces: dict[tuple[int, Side], bytes] = {}
        #: The attribute whose value is due; none where a name is.
        self._name: dict[tuple[int, Side], bytes] = {}
        self._strings = lru_cache(REMEMBERED)(self._replace)  # most come again and again

    def redact(self, event: Event) -> Iterator[Event]:
        """None or one event instead of this one, and before it what was left of a string that has no end."""
        key = (event.connection, event.side)
        if event.kind is Kind.DATA:
            data = self._data(key, event.data)
            if data:
                yield event._replace(data=data)
        else:
            for side in Side if event.kind is Kind.CLOSE else (event.side,):
                left = self._pieces.pop((event.connection, side), b"")
                self._name.pop((event.connection, side), None)
                if left:
                    yield event._replace(kind=Kind.DATA, side=side, data=self._other(left))
            yield event

    def _data(self, key: tuple[int, Side], data: bytes) -> bytes:
        whole, nul, rest = (self._pieces.pop(key, b"") + data).rpartition(b"\0")
        if rest:
            self._pieces[key] = rest
        if not nul:
            return b""
        replaced, self._name[key] = self._strings(whole, self._name.get(key, b""))
        return replaced

    def _replace(self, strings: bytes, name: bytes) -> tuple[bytes, bytes]:
        """Strings with a NUL between each two, where this attribute's value is due; and whose is due then."""
        replaced = []
        for string in strings.split(b"\0"):
            if name:
                replaced.append(self._value(name, string))
                name = b""
            else:
                replaced.append(string if string in _NAMES else self._other(string))
                name = string
        return b"\0".join(replaced) + b"\0", name

    def _value(self, name: bytes, value: bytes) -> bytes:
        if name == _LABEL:
            return _bytes(self._grammar.label(_text(value)))
        if name == _PROPERTY:
            return _bytes(self._grammar.property(_text(value)))
        if name == _TTL:
            return b"%d" % min(
                int(value) if value.isdigit() and len(value) < 9 else _LONGEST_TTL, _LONGEST_TTL
            )
        return value if value in _WORDS.get(name, ()) else self._other(value)

    def _other(self, string: bytes) -> bytes:
        return _bytes(self._pseudonyms.other(_text(string)))


class Renumbering:
    """Numbers the connections and names the sessions anew: in a trace by another program both could tell."""

    def __init__(self) -> None:
        self._connections: dict[int, int] = {}
        self._last = 0
        self._tokens = SessionTokens()

    def connection(self, number: int) -> int:
        """The new number of a connection."""
        known = self._connections.get(number)
        if known is None:
            known = self._last = self._connections[number] = self._last + 1
        return known

    def event(self, event: Event) -> Event:
        """The event with new numbers and tokens."""
        connection = self.connection(event.connection)
        if event.kind is Kind.CLOSE:
            del self._connections[event.connection]
        tokens = tuple(
            UNKNOWN_TOKEN if token == UNKNOWN_TOKEN else self._tokens.token(token) for token in event.tokens
        )
        return event._replace(connection=connection, tokens=tokens)


def redacted_header(header: Header, renumbering: Renumbering) -> Header:
    """The header without words that could name somebody."""
    release = header.postfix
    return replace(
        header,
        redacted=True,
        scenario=None,
        recorder=header.recorder if fullmatch(r"scache \d+\.\d+\.\d+", header.recorder) else "unknown",
        postfix=release if release and fullmatch(r"\d{1,2}(\.\d{1,3}){1,2}", release) else None,
        continued=tuple(map(renumbering.connection, header.continued)),
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
