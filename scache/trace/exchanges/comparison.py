"""Two traces side by side: what was said on each connection, whenever that was.

Sessions count as the same where each trace uses a token of its own for them throughout. Where connections
are numbered in another order, or requests raced, traces of the same traffic differ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from scache.trace.exchanges.messages import MessageReader, readable
from scache.trace.format.events import Event, Kind, Side
from scache.trace.format.reader import TraceReader
from scache.trace.format.tokens import SessionTokens

__all__ = ["Comparison", "Difference"]

#: What a connection of one trace has said that the other hasn't come to; more is a difference by itself.
MOST_AHEAD = 100_000


class _Said(NamedTuple):
    line: int
    text: str


class Difference(NamedTuple):
    """A message that the other trace doesn't have in its place. A connection is compared up to there only."""

    connection: int
    first_line: int
    first: str
    second_line: int
    second: str


class _Voice:
    """One trace's connections, as the messages said on them."""

    def __init__(self, trace: TraceReader) -> None:
        self.trace = trace
        self.said: dict[tuple[int, Side], deque[_Said]] = {}
        self._readers: dict[tuple[int, Side], MessageReader] = {}
        self._tokens = SessionTokens()

    def take(self, event: Event) -> None:
        """Take the next event."""
        key = (event.connection, event.side)
        texts: list[str]
        if event.kind is Kind.DATA:
            tokens = tuple(map(self._tokens.token, event.tokens))
            reader = self._readers.setdefault(key, MessageReader())
            texts = [readable(message) for message in reader.feed(event.data, tokens)]
        else:
            reader = self._readers.pop(key, MessageReader())
            texts = [*map(readable, reader.finish()), event.kind.value]
        self.said.setdefault(key, deque()).extend(_Said(self.trace.line, text) for text in texts)


class Comparison:
    """Compares two open traces. compared: messages that were there in both."""

    def __init__(self, first: TraceReader, second: TraceReader) -> None:
        self.compared = 0
        self._first = _Voice(first)
        self._second = _Voice(second)
        self._given_up: set[tuple[int, Side]] = set()

    def differences(self) -> Iterator[Difference]:
        """The first difference of each side of each connection."""
        for pair in zip_longest(self._first.trace, self._second.trace):
            for voice, event in zip((self._first, self._second), pair, strict=True):
                if event is None:
                    continue
                key = (event.connection, event.side)
                if key not in self._given_up:
                    voice.take(event)
                    yield from self._compare(key, MOST_AHEAD)
        for key in list(self._first.said) + list(self._second.said):
            yield from self._compare(key, 0)

    def _compare(self, key: tuple[int, Side], most_ahead: int) -> Iterator[Difference]:
        first = self._first.said.get(key) or deque()
        second = self._second.said.get(key) or deque()
        while first and second:
            mine, other = first.popleft(), second.popleft()
            if mine.text != other.text:
                yield self._give_up(key, mine, other)
                return
            self.compared += 1
        if not first and not second:
            self._first.said.pop(key, None)
            self._second.said.pop(key, None)
        elif len(first) > most_ahead:
            yield self._give_up(key, first[0], _Said(self._second.trace.line, "nothing more"))
        elif len(second) > most_ahead:
            yield self._give_up(key, _Said(self._first.trace.line, "nothing more"), second[0])

    def _give_up(self, key: tuple[int, Side], first: _Said, second: _Said) -> Difference:
        self._given_up.add(key)
        self._first.said.pop(key, None)
        self._second.said.pop(key, None)
        return Difference(key[0], *first, *second)
