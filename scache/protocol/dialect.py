"""The three switches in which scache builds differ on the wire."""

from __future__ import annotations

__all__ = ["ANNOUNCEMENT", "DUMMY", "POSTFIX_2", "POSTFIX_3_6", "Dialect", "announces"]

#: What a server of Postfix 3.6 and later sends first, on accept.
ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"

#: The list that one side sends to say "I am ready for the descriptor", or "I have it".
DUMMY = b"dummy\0\0\0"


class Dialect:
    """Which extra steps a conversation has; not to be changed once made.

    announcement: the server speaks first (Postfix 3.6 and later).
    write_wait: the receiver of a descriptor asks for it with a dummy list, the sender waits for that
        (CANT_WRITE_BEFORE_SENDING_FD in the seed; every Linux build). Without it both sides must read
        exactly: a descriptor that a larger read runs over is lost.
    read_wait: the receiver of a found descriptor confirms it with a dummy list
        (MUST_READ_AFTER_SENDING_FD in the seed; every build).
    """

    __slots__ = ("announcement", "read_wait", "write_wait")

    def __init__(self, *, announcement: bool = True, write_wait: bool = True, read_wait: bool = True) -> None:
        self.announcement = announcement
        self.write_wait = write_wait
        self.read_wait = read_wait


POSTFIX_3_6 = Dialect()
POSTFIX_2 = Dialect(announcement=False)

_FIRST_TO_ANNOUNCE = [3, 6]


def announces(release: str) -> bool:
    """Whether the servers of a Postfix release ("3.7.11") speak first, and its clients wait for that.

    So do those of a release whose number can't be read.
    """
    numbers = release.replace("-", ".").split(".")[:2]
    return not all(number.isdecimal() for number in numbers) or [*map(int, numbers)] >= _FIRST_TO_ANNOUNCE
