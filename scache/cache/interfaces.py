"""What the cache needs of the daemon that it serves. Imported for type checking only: typing would add to the
daemon's start.
"""

from __future__ import annotations

from typing import Protocol

from scache.cache.entries import Session

__all__ = ["Sessions"]


class Sessions(Protocol):
    """What is done to the descriptors of cached sessions."""

    def watch(self, session: Session, /) -> None:
        """The session is in the cache now, and has to go when its remote side ends it."""

    def unwatch(self, session: Session, /) -> None:
        """The session is no longer in the cache."""

    def has_ended(self, session: Session, /) -> bool:
        """The session is no longer in the cache. Whether its remote side has ended it, unseen until now."""

    def is_connection(self, descriptor: int, /) -> bool:
        """Whether it is a connected stream socket."""

    def hung_up(self, session: Session, /) -> bool:
        """Whether the remote side has closed it."""

    def discard(self, session: Session, /) -> None:
        """Close it without a word."""

    def close(self, session: Session, /) -> None:
        """Close it with its service's good-bye."""
