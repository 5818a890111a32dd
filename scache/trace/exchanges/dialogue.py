"""A trace as a dialogue: one line a message, for a person."""

from __future__ import annotations

from collections.abc import Iterator

from scache.trace.exchanges.labels import destination_fields, endpoint_fields, property_fields
from scache.trace.exchanges.messages import Message, MessageReader, readable
from scache.trace.format.events import Event, Kind, Side

__all__ = ["Dialogue"]

_STATUS = {b"0": "ok", b"1": "bad request", b"2": "failed"}
_FOUND = {b"0": "found", b"1": "bad request", b"2": "not found"}
_ARROWS = {Side.CLIENT: ">>", Side.SERVER: "<<"}
_STEPS = {Kind.OPEN: "connects", Kind.END: "sends no more", Kind.CLOSE: "closes"}


class Dialogue:
    """Gives the lines of each event. Messages that come in pieces are given with their last one."""

    def __init__(self) -> None:
        self._readers: dict[tuple[int, Side], MessageReader] = {}
        self._requests: dict[int, bytes] = {}

    def lines(self, event: Event) -> Iterator[str]:
        """`TIME CONNECTION >> MESSAGE` for a client's message, `<<` for the server's."""
        head = f"{event.at:12.6f} {event.connection:5} {_ARROWS[event.side]} "
        if event.kind is not Kind.DATA:
            for side in Side if event.kind is Kind.CLOSE else (event.side,):
                yield from (
                    f"{event.at:12.6f} {event.connection:5} {_ARROWS[side]} {readable(message)}"
                    for message in self._finish(event.connection, side)
                )
            if event.kind is Kind.CLOSE:
                self._requests.pop(event.connection, None)
            yield head + _STEPS[event.kind]
            return
        key = (event.connection, event.side)
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = MessageReader()
        for message in reader.feed(event.data, event.tokens):
            yield head + self._text(event.connection, message)

    def _finish(self, connection: int, side: Side) -> list[Message]:
        reader = self._readers.pop((connection, side), None)
        return reader.finish() if reader else []

    def _text(self, connection: int, message: Message) -> str:
        if not message.attributes:
            return readable(message)
        name, value = message.attributes[0]
        if name == b"request":
            self._requests[connection] = value
            return _request(value, message)
        if name == b"status":
            return _answer(self._requests.get(connection, b""), message)
        if message.attributes == ((b"dummy", b""),):
            return "dummy"
        return readable(message)


def _request(request: bytes, message: Message) -> str:
    of_destination = request.endswith(b"_dest")
    words = [request.decode(errors="replace")]
    for name, value in message.attributes[1:]:
        if name == b"label":
            words.append(destination_fields(value) if of_destination else f"to {endpoint_fields(value)}")
            of_destination = False
        elif name == b"property":
            words.append(f"with {property_fields(value)}")
        else:
            words.append(f"{name.decode(errors='replace')}={value.decode(errors='replace')!s}")
    return " ".join(words)


def _answer(request: bytes, message: Message) -> str:
    (_, status), *properties = message.attributes
    meaning = _FOUND if request.startswith(b"find") else _STATUS
    words = [meaning.get(status, f"status={status!r}")]
    if status == b"0":
        words += [property_fields(value) for name, value in properties if name == b"property"]
    return " ".join(words)
