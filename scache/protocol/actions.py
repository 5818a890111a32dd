"""What a conversation asks the server to do, in order."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

__all__ = ["Close", "Continue", "Discard", "HandOver", "Warn", "Write"]


class Write:
    """Send these bytes."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data


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
    Action = Write | HandOver | Discard | Warn | Continue | Close
