"""What a trace is made of: a header, then events in the order in which they were seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from scache.protocol.dialect import POSTFIX_3_6, Dialect

__all__ = ["UNKNOWN_TOKEN", "Event", "Header", "Kind", "Side"]

#: A descriptor of which the recording doesn't say which session it was.
UNKNOWN_TOKEN = "?"


class Kind(Enum):
    """What happened on a connection."""

    OPEN = "open"  #: the client connected
    DATA = "data"  #: one side sent bytes, perhaps with descriptors that ride on the last of them
    END = "end"  #: one side will send no more (SHUT_WR), but still receives
    CLOSE = "close"  #: one side closed: the connection is over


class Side(Enum):
    """Who did it."""

    CLIENT = "client"
    SERVER = "server"


class Event(NamedTuple):
    """One line of a trace.

    at: seconds since the header's start, to the microsecond; it steps back where the recorded clock did.
    connection: a number that no other connection of the recording has.
    tokens: the sessions whose descriptors came with the data; one session has one token.
    """

    at: float
    connection: int
    kind: Kind
    side: Side
    data: bytes = b""
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a trace.

    recorder: the program and release that recorded it, or made it of another trace.
    start: seconds since the epoch (so free of any time zone) at which `at` is 0.
    postfix: release of the Postfix whose clients or server were recorded, where it is known.
    scenario: what was recorded, in a few words.
    redacted: whether names in it were replaced by pseudonyms.
    part: 1, or more for the files that `scache record --rotate` began later.
    continued: connections that were open already when this part began.
    missing: events between the part before and this one that couldn't be recorded.
    """

    recorder: str
    start: float
    dialect: Dialect = POSTFIX_3_6
    postfix: str | None = None
    scenario: str | None = None
    redacted: bool = False
    part: int = 1
    continued: tuple[int, ...] = ()
    missing: int = 0
