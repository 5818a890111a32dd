"""What a conversation asks the server to do, in order. Bytes stand for themselves: send them."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

__all__ = ["Close", "Continue", "Discard", "HandOver", "Warn", "listed"]


class HandOver:
    """Send one byte with this descriptor, close it here, then say how it went: `handed_over`."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor


class Discard:
    """Close this descriptor: nobody will get it."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor


class Warn:
    """Log this text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Continue:
    """Call `go_on` in the next turn, and read nothing before: this client has had its share of this one."""

    __slots__ = ()


class Close:
    """Close the connection once all before is done."""

    __slots__ = ()


if TYPE_CHECKING:
    from collections.abc import Sequence

    Action = bytes | HandOver | Discard | Warn | Continue | Close

    #: One action by itself, as nearly always, or any number.
    Answer = bytes | HandOver | Sequence[Action]


def listed(answer: Answer) -> Sequence[Action]:
    """The actions of an answer, one by one."""
    return (answer,) if isinstance(answer, bytes | HandOver) else answer
