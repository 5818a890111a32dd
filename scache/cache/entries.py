"""What a connection cache consists of, and what a find gives."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Binding", "Endpoint", "Found", "Session"]


class Session:
    """An open descriptor, in the first-in first-out list of its endpoint."""

    __slots__ = ("descriptor", "due", "endpoint", "newer", "older", "prop", "serial")

    def __init__(self, endpoint: Endpoint, prop: bytes, descriptor: int, due: int, serial: int) -> None:
        self.endpoint = endpoint
        self.prop = prop
        self.descriptor = descriptor
        self.due = due
        self.serial = serial  # of all that were ever saved: which of two is older
        self.older: Session | None = None
        self.newer: Session | None = None

    @property
    def is_listed(self) -> bool:
        """Whether it is in its endpoint's list."""
        return self.older is not None or self.endpoint.oldest is self


class Endpoint:
    """An endpoint with at least one session. The list is linked: any session leaves it at O(1)."""

    __slots__ = ("label", "newest", "oldest", "sessions")

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.sessions = 0
        self.oldest: Session | None = None
        self.newest: Session | None = None

    def __iter__(self) -> Iterator[Session]:
        """Its sessions, the oldest first."""
        session = self.oldest
        while session is not None:
            yield session
            session = session.newer


class Binding:
    """A destination's way to an endpoint."""

    __slots__ = ("dest_label", "due", "endp_label", "prop")

    def __init__(self, dest_label: bytes, prop: bytes, endp_label: bytes, due: int) -> None:
        self.dest_label = dest_label
        self.prop = prop
        self.endp_label = endp_label
        self.due = due


class Found:
    """A session that was found, and is no longer in the cache: whoever asked for it holds it until it is
    sent, put back or closed.

    properties: as the reply has them, the destination's first where one was asked for, then the endpoint's.
    """

    __slots__ = ("properties", "session")

    def __init__(self, properties: tuple[bytes, ...], session: Session) -> None:
        self.properties = properties
        self.session = session
