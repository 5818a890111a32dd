"""Several who look on at one cache."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from scache.cache.entries import Binding, Session
    from scache.cache.observer import Bindings, Observer

__all__ = ["Observers"]


class Observers:
    """An Observer that tells two others."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._each = (first, second)
        self._passed_over = [told for observer in self._each if (told := observer.passed_over) is not None]

    def session_saved(self, session: Session) -> None:
        """Tell it."""
        for observer in self._each:
            observer.session_saved(session)

    def session_found(self, session: Session, binding: Binding | None) -> None:
        """Tell it."""
        for observer in self._each:
            observer.session_found(session, binding)

    def session_dropped(self, session: Session) -> None:
        """Tell it."""
        for observer in self._each:
            observer.session_dropped(session)

    def session_unusable(self, session: Session, by_destination: bool) -> None:
        """Tell it."""
        for observer in self._each:
            observer.session_unusable(session, by_destination)

    def endpoint_missed(self, endp_label: bytes) -> None:
        """Tell it."""
        for observer in self._each:
            observer.endpoint_missed(endp_label)

    def passed_over(self, endp_label: bytes) -> None:
        """Tell those who want to know."""
        for told in self._passed_over:
            told(endp_label)

    def binding_saved(self, binding: Binding, refreshed: bool) -> None:
        """Tell it."""
        for observer in self._each:
            observer.binding_saved(binding, refreshed)

    def binding_dropped(self, binding: Binding) -> None:
        """Tell it."""
        for observer in self._each:
            observer.binding_dropped(binding)

    def destination_missed(self, dest_label: bytes, bindings: Bindings | None) -> None:
        """Tell it."""
        for observer in self._each:
            observer.destination_missed(dest_label, bindings)
