"""From the events of a trace to requests with their answers."""

from __future__ import annotations

from typing import NamedTuple

from scache.trace.exchanges.messages import Message, MessageReader
from scache.trace.format.events import Event, Kind, Side

__all__ = ["BAD", "FAIL", "OK", "Exchange", "Exchanges"]

OK, BAD, FAIL = 0, 1, 2

_DUMMY = b"dummy"


class Exchange(NamedTuple):
    """A request and what came of it.

    asked, answered: seconds since the trace's start; answered is the time of the last answer to it.
    values: the request's attributes after its name, in order (ttl, label, property, ... as bytes).
    status: None where no answer came. properties: those of the answer. token: of the session saved or found.
    """

    connection: int
    asked: float
    answered: float
    request: str
    values: tuple[tuple[bytes, bytes], ...]
    status: int | None = None
    properties: tuple[bytes, ...] = ()
    token: str | None = None

    @property
    def labels(self) -> tuple[bytes, ...]:
        """The request's labels: for save_dest the destination's, then the endpoint's."""
        return tuple(value for name, value in self.values if name == b"label")

    @property
    def ttl(self) -> int:
        """Seconds that the request wants its entry to live; 0 where it says none that is a number."""
        for name, value in self.values:
            if name == b"ttl" and value.isdigit() and len(value) < 10:
                return int(value)
        return 0

    @property
    def is_find(self) -> bool:
        """Whether it is a lookup."""
        return self.request in ("find_dest", "find_endp")

    @property
    def is_hit(self) -> bool:
        """Whether it is a lookup that found a session."""
        return self.status == OK and self.is_find


class _Connection:
    """Where a connection stands."""

    __slots__ = ("client", "exchange", "server")

    def __init__(self) -> None:
        self.client = MessageReader()
        self.server = MessageReader()
        self.exchange: Exchange | None = None


class Exchanges:
    """Takes a trace's events in order and gives each exchange once it is complete."""

    def __init__(self) -> None:
        self._connections: dict[int, _Connection] = {}

    def feed(self, event: Event) -> list[Exchange]:
        """The exchanges that this event completes; at the end of a connection also one that has no answer."""
        number = event.connection
        connection = self._connections.get(number)
        if connection is None:
            connection = self._connections[number] = _Connection()
        if event.kind is Kind.DATA:
            if event.side is Side.CLIENT:
                return self._asked(connection, event)
            return self._answered(connection, event)
        if event.kind is Kind.CLOSE:
            del self._connections[number]
            if connection.exchange is not None:
                return [connection.exchange]
        return []

    def pending(self, connection: int) -> Exchange | None:
        """The exchange on this connection that has no answer so far."""
        state = self._connections.get(connection)
        return state.exchange if state else None

    def _asked(self, connection: _Connection, event: Event) -> list[Exchange]:
        done: list[Exchange] = []
        for message in connection.client.feed(event.data, event.tokens):
            attributes = message.attributes
            if message.tokens:
                if connection.exchange is not None:
                    connection.exchange = connection.exchange._replace(token=message.tokens[0])
            elif attributes and attributes[0][0] == b"request":
                if connection.exchange is not None:
                    done.append(connection.exchange)
                name = attributes[0][1].decode(errors="replace")
                connection.exchange = Exchange(event.connection, event.at, event.at, name, attributes[1:])
        return done

    def _answered(self, connection: _Connection, event: Event) -> list[Exchange]:
        done: list[Exchange] = []
        for message in connection.server.feed(event.data, event.tokens):
            exchange = connection.exchange
            if exchange is None:
                continue  # the announcement, or an answer to what was no request
            if message.tokens:
                exchange = exchange._replace(answered=event.at, token=message.tokens[0])
            elif message.attributes and message.attributes[0][0] == b"status":
                exchange = _with_answer(exchange, message, event.at)
                if exchange.is_hit:
                    connection.exchange = exchange
                    continue  # until its descriptor comes
            else:
                continue  # the server asks for the descriptor
            connection.exchange = None
            done.append(exchange)
        return done


def _with_answer(exchange: Exchange, message: Message, at: float) -> Exchange:
    status = message.attributes[0][1]
    return exchange._replace(
        answered=at,
        status=int(status) if status.isdigit() and len(status) < 10 else None,
        properties=tuple(value for name, value in message.attributes[1:] if name == b"property"),
    )
