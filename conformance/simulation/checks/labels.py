"""No answer carries a session of another label: mail for one server never goes to another."""

from __future__ import annotations

from collections.abc import Collection

from conformance.simulation.checks.violation import Violation
from scache.simulated import OpenFile

__all__ = ["Labels"]


class Labels:
    """What each session was saved as, by its open file, whatever number its descriptor has."""

    def __init__(self) -> None:
        self._saved: dict[OpenFile, tuple[bytes, bytes]] = {}

    def saved(self, session: OpenFile, endp_label: bytes, endp_prop: bytes) -> None:
        """It went into the cache, perhaps again and as another."""
        self._saved[session] = endp_label, endp_prop

    def found(self, session: OpenFile, endp_prop: bytes, endp_labels: Collection[bytes]) -> None:
        """It is about to be answered, with this property, to one who asked for one of these endpoints."""
        label, prop = self._saved[session]
        if label not in endp_labels:
            raise Violation(
                "labels", f"a session of {label!r} is the answer to who asked for {sorted(endp_labels)!r}"
            )
        if prop != endp_prop:
            raise Violation("labels", f"a session saved with {prop!r} is answered with {endp_prop!r}")

    def gone(self, session: OpenFile) -> None:
        """The daemon has it no more."""
        self._saved.pop(session, None)
