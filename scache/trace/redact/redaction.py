"""Replacing the names in a trace, event by event.

What both sides send is strings that end in NUL. Names of the protocol and its numbers stay, every other
string is replaced, whatever its place; so nothing that is out of order slips through.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from scache.trace.format.events import Event, Kind, Side
from scache.trace.redact.pseudonyms import Pseudonyms

__all__ = ["Redaction", "strings_of"]

_PROTOCOL = frozenset(
    b"request save_endp find_endp save_dest find_dest ttl label property status dummy protocol"
    b" connection_cache_protocol".split()
) | {b""}

#: Attributes whose value is a number.
_NUMBERS = frozenset((b"ttl", b"status"))


#: Chunks of strings whose pseudonyms are at hand.
REMEMBERED = 1 << 14


class Redaction:
    """Gives each event with pseudonyms in it.

    A string that comes in several pieces is given with its last one: its pseudonym may be longer or shorter.
    """

    def __init__(self) -> None:
        self.pseudonyms = Pseudonyms()
        self._pieces: dict[tuple[int, Side], bytes] = {}
        self._previous: dict[tuple[int, Side], bytes] = {}
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
                self._previous.pop((event.connection, side), None)
                if left:
                    yield event._replace(kind=Kind.DATA, side=side, data=self._string(left, b""))
            yield event

    def _data(self, key: tuple[int, Side], data: bytes) -> bytes:
        whole, nul, rest = (self._pieces.pop(key, b"") + data).rpartition(b"\0")
        if rest:
            self._pieces[key] = rest
        if not nul:
            return b""
        replaced, self._previous[key] = self._strings(whole, self._previous.get(key, b""))
        return replaced

    def _replace(self, strings: bytes, previous: bytes) -> tuple[bytes, bytes]:
        """Strings with a NUL between each two, behind another one; with their last one as it was."""
        replaced = []
        for string in strings.split(b"\0"):
            replaced.append(self._string(string, previous))
            previous = string
        return b"\0".join(replaced) + b"\0", previous

    def _string(self, string: bytes, previous: bytes) -> bytes:
        if string in _PROTOCOL or (previous in _NUMBERS and string.isdigit()):
            return string
        text = string.decode("utf-8", "surrogateescape")
        return self.pseudonyms.text(text).encode("utf-8", "surrogateescape")


def strings_of(event: Event) -> Iterator[str]:
    """The strings of an event in which a name could be left."""
    for string in event.data.split(b"\0"):
        if string not in _PROTOCOL:
            yield string.decode("utf-8", "surrogateescape")
