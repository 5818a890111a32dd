"""Copying a part of a trace: whole exchanges, in the trace's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from scache.protocol.dialect import DUMMY
from scache.trace.exchanges.exchange import Exchange, Exchanges
from scache.trace.format.events import UNKNOWN_TOKEN, Event, Kind, Side
from scache.trace.format.tokens import SessionTokens

__all__ = ["Selection"]

#: Events that are kept back while an exchange has no answer; after so many it counts as unanswered.
PATIENCE = 100_000


@dataclass(slots=True)
class _Group:
    """The events of an exchange, and whether they are wanted: None while that isn't known."""

    wanted: bool | None = None


class Selection:
    """Gives the events of the exchanges that `wanted` accepts, with all that isn't part of an exchange.

    A descriptor whose saving isn't among them becomes an unknown one.
    """

    def __init__(self, wanted: Callable[[Exchange], bool]) -> None:
        self._wanted = wanted
        self._exchanges = Exchanges()
        self._waiting: deque[tuple[Event, _Group]] = deque()
        self._current: dict[int, _Group] = {}
        self._came = SessionTokens()

    def select(self, events: Iterable[Event]) -> Iterator[Event]:
        """The selected events."""
        for whole in events:
            for event in _without_leading_confirmation(whole):
                self._take(event)
            if len(self._waiting) > PATIENCE:
                self._give_up_on(self._waiting[0][0].connection)
            yield from self._decided()
        for connection in list(self._current):
            self._give_up_on(connection)
        yield from self._decided()

    def _take(self, event: Event) -> None:
        number = event.connection
        group = self._current.get(number)
        begins = group is None or (
            group.wanted is not None and event.side is Side.CLIENT and event.data != DUMMY
        )
        if event.kind is not Kind.DATA or (group is None and event.side is Side.SERVER):
            self._waiting.append((event, _Group(wanted=True)))
        else:
            if group is None or begins:
                group = self._current[number] = _Group()
            self._waiting.append((event, group))
        for exchange in self._exchanges.feed(event):
            self._decide(exchange)
        if event.kind is Kind.CLOSE and number in self._current:
            self._give_up_on(number)
            del self._current[number]

    def _give_up_on(self, connection: int) -> None:
        """No answer will come any more."""
        exchange = self._exchanges.pending(connection)
        group = self._current[connection]
        if exchange is not None:
            self._decide(exchange)
        elif group.wanted is None:
            group.wanted = True  # what was no request

    def _decide(self, exchange: Exchange) -> None:
        group = self._current.get(exchange.connection)
        if group is not None and group.wanted is None:
            group.wanted = self._wanted(exchange)

    def _decided(self) -> Iterator[Event]:
        while self._waiting and self._waiting[0][1].wanted is not None:
            event, group = self._waiting.popleft()
            if group.wanted:
                yield self._with_known_tokens(event) if event.tokens else event

    def _with_known_tokens(self, event: Event) -> Event:
        if event.side is Side.CLIENT:
            for token in event.tokens:
                self._came.token(token)
            return event
        return event._replace(
            tokens=tuple(token if self._came.known(token) else UNKNOWN_TOKEN for token in event.tokens)
        )


def _without_leading_confirmation(event: Event) -> Iterator[Event]:
    """The event, its confirmation of a descriptor apart from the request behind it."""
    if event.side is Side.CLIENT and event.data.startswith(DUMMY) and event.data != DUMMY:
        yield event._replace(data=DUMMY, tokens=())
        event = event._replace(data=event.data.removeprefix(DUMMY))
    yield event
