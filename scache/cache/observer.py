"""Who looks on at a cache. Imported for type checking only: typing would add to the daemon's start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scache.cache.entries import Binding, Session

__all__ = ["Bindings", "Observer"]

#: The bindings of a destination, oldest first, by what makes two of them the same.
Bindings = dict[tuple[bytes, bytes], Binding]


class Observer(Protocol):
    """Is told what happens in a cache, each time right after it happened."""

    def session_saved(self, session: Session, /) -> None:
        """A save_endp."""

    def session_found(self, session: Session, binding: Binding | None, /) -> None:
        """A find took it out, to which this binding has led; None: it was asked for by endpoint."""

    def session_dropped(self, session: Session, /) -> None:
        """It was due."""

    def session_unusable(self, session: Session, by_destination: bool, /) -> None:
        """It was found, but its remote side had closed it: who asked doesn't get it."""

    def endpoint_missed(self, endp_label: bytes, /) -> None:
        """A find_endp found no session at this endpoint."""

    @property
    def passed_over(self) -> Callable[[bytes], None] | None:
        """Is told of each endpoint without a session to which a binding has led a find_dest. None: it isn't,
        so that many bindings cost no more than without an observer.
        """

    def binding_saved(self, binding: Binding, refreshed: bool, /) -> None:
        """A save_dest; refreshed: there was such a binding already."""

    def binding_dropped(self, binding: Binding, /) -> None:
        """It was due."""

    def destination_missed(self, dest_label: bytes, bindings: Bindings | None, /) -> None:
        """A find_dest found nothing, though the destination may have bindings: no longer any where all are
        due, None where it had none.
        """
