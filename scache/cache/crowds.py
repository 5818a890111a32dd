"""Which endpoint has most sessions, at a cost that doesn't grow with their number."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from scache.cache.entries import Endpoint

__all__ = ["Crowds"]


class Crowds:
    """Endpoints with more than one session, by how many they have.

    Nearly all have one, and are not known here: what a mail server at work saves and finds costs nothing.
    """

    __slots__ = ("_endpoints", "_most")

    def __init__(self) -> None:
        self._endpoints: dict[int, dict[Endpoint, None]] = {}
        self._most = 1

    def changed(self, endpoint: Endpoint, before: int) -> None:
        """The endpoint had so many sessions before, one more or one less than now."""
        if before > 1:
            crowd = self._endpoints[before]
            del crowd[endpoint]
            if not crowd:
                del self._endpoints[before]
        if endpoint.sessions > 1:
            self._endpoints.setdefault(endpoint.sessions, {})[endpoint] = None
        if endpoint.sessions > self._most or self._most not in self._endpoints:
            self._most = endpoint.sessions

    def largest(self) -> Endpoint | None:
        """Of those that have most the one that has had so many for longest; None where each has one."""
        crowd = self._endpoints.get(self._most)
        return None if crowd is None else next(iter(crowd))
