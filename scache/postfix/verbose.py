"""-v: Postfix's lines for what happens in the cache (scache_multi.c)."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.protocol.attributes import printed

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.cache.entries import Binding, Session
    from scache.cache.observer import Bindings

__all__ = ["VerboseLog"]


class VerboseLog:
    """An Observer that writes each event down. log takes the text of a line."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log

    def session_saved(self, session: Session) -> None:
        """Its label, property and descriptor."""
        self._log(f"scache_multi_save_endp: {_text(session)}")

    def session_found(self, session: Session, _binding: Binding | None) -> None:
        """What was found; then that it leaves the cache, without its descriptor."""
        self._log(f"scache_multi_find_endp: found: {_text(session)}")
        self._log(f"scache_multi_drop_endp: endp_prop={printed(session.prop)} fd=-1")

    def session_dropped(self, session: Session) -> None:
        """Its property, and its descriptor, which is about to be closed."""
        self._log(f"scache_multi_drop_endp: endp_prop={printed(session.prop)} fd={session.descriptor}")

    def session_unusable(self, session: Session, by_destination: bool) -> None:
        """Postfix doesn't look, and says nothing."""

    def endpoint_missed(self, endp_label: bytes) -> None:
        """The label that nothing is cached for."""
        self._log(f"scache_multi_find_endp: no endpoint cache: endp_label={printed(endp_label)}")

    passed_over = endpoint_missed

    def binding_saved(self, binding: Binding, refreshed: bool) -> None:
        """All of it, and whether it was there already."""
        self._log(
            f"scache_multi_save_dest: dest_label={printed(binding.dest_label)}"
            f" -> dest_prop={printed(binding.prop)} endp_label={printed(binding.endp_label)}"
            f"{' (refreshed)' if refreshed else ''}"
        )

    def binding_dropped(self, binding: Binding) -> None:
        """Its property and endpoint."""
        self._log(
            f"scache_multi_drop_dest: dest_prop={printed(binding.prop)}"
            f" endp_label={printed(binding.endp_label)}"
        )

    def destination_missed(self, dest_label: bytes, bindings: Bindings | None) -> None:
        """Whether it is without bindings, or they are without sessions."""
        why = "not found" if bindings else "no destination cache"
        self._log(f"scache_multi_find_dest: {why}: dest_label={printed(dest_label)}")


def _text(session: Session) -> str:
    label, prop = printed(session.endpoint.label), printed(session.prop)
    return f"endp_label={label} -> endp_prop={prop} fd={session.descriptor}"
