"""Why the daemon has closed a client's connection."""

from __future__ import annotations

from enum import Enum

__all__ = ["Reason"]


class Reason(Enum):
    """What entitles the daemon to close a connection."""

    ENDED = "the daemon ended"
    TIME_LIMIT = "the time limit"
    MESSAGE_LIMIT = "the message limit"
    UNFINISHED = "the limit of unfinished messages"
    UNREAD = "the limit of answers that aren't read"
    CLIENT_CLOSED = "the client closed"

    @property
    def cuts_off(self) -> bool:
        """Whether the client can't count on anything that it still finds to read."""
        return self is not Reason.CLIENT_CLOSED
