"""Who looks on at a cache. Imported for type checking only: typing would add to the daemon's start."""

from __future__ import annotations

from typing import Protocol

from scache.cache.entries import Binding, Session

__all__ = ["Observer"]


class Observer(Protocol):
    """Is told what happens in a cache, each time right after it happened."""

    def session_saved(self, session: Session, /) -> None:
        """A save_endp."""

    def session_found(self, session: Session, /) -> None:
        """A find took it out."""

    def session_dropped(self, session: Session, /) -> None:
        """It was due."""

    def endpoint_missed(self, endp_label: bytes, /) -> None:
        """A find found no session at this endpoint."""

    def binding_saved(self, binding: Binding, refreshed: bool, /) -> None:
        """A save_dest; refreshed: there was such a binding already."""

    def binding_dropped(self, binding: Binding, /) -> None:
        """It was due."""

    def destination_missed(self, dest_label: bytes, bound: bool, /) -> None:
        """A find_dest found nothing; bound: though the destination has bindings."""
