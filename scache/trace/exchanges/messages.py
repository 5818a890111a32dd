"""From the chunks of a trace to whole messages: attribute lists, and bytes that carry descriptors."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Message", "MessageReader", "readable"]


class Message(NamedTuple):
    """One message, or what is no message.

    attributes: name and value of each, in order; none in a lone NUL, or a byte that carries descriptors.
    tokens: the descriptors that came with it.
    loose: bytes behind the last whole message when the connection ended.
    """

    attributes: tuple[tuple[bytes, bytes], ...]
    tokens: tuple[str, ...] = ()
    loose: bytes = b""


class MessageReader:
    """What one side of a connection sends, put together to messages."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes, tokens: tuple[str, ...] = ()) -> list[Message]:
        """The messages that are whole now. Descriptors ride on the last byte, which is no part of a list."""
        messages: list[Message] = []
        if tokens:
            data = data[:-1]
        if data:
            self._split(self._rest + data, messages)
        if tokens:
            messages.append(Message((), tokens))
        return messages

    def finish(self) -> list[Message]:
        """What is left at the end of the connection."""
        rest, self._rest = self._rest, b""
        return [Message((), (), rest)] if rest else []

    def _split(self, data: bytes, messages: list[Message]) -> None:
        strings = data.split(b"\0")
        last = len(strings) - 1  # what follows the last NUL
        begin = at = 0
        used = 0
        while at < last:
            if strings[at]:
                at += 2
                continue
            pairs = tuple(zip(strings[begin:at:2], strings[begin + 1 : at : 2], strict=True))
            messages.append(Message(pairs))
            at += 1
            used += sum(map(len, strings[begin:at])) + at - begin
            begin = at
        self._rest = data[used:]


def readable(message: Message) -> str:
    """The message in one line, for a person."""
    if message.loose:
        return f"loose bytes {_text(message.loose)}"
    if message.tokens:
        return f"descriptor {' '.join(message.tokens)}"
    if not message.attributes:
        return "(empty list)"
    return " ".join(f"{name.decode(errors='replace')}={_text(value)}" for name, value in message.attributes)


def _text(value: bytes) -> str:
    return ascii(value.decode("utf-8", "surrogateescape"))[1:-1] if value else '""'
