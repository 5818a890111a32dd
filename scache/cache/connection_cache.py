"""The connection cache: logical destination -> physical endpoint -> session.

Bindings (destination to endpoint) and sessions (an open descriptor of an endpoint) live and die
independently. The rules are those of scache_multi.c in Postfix; descriptors are opaque here.
"""

from __future__ import annotations

from scache.cache.deadlines import Deadlines
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scache.cache.observer import Observer

__all__ = ["Binding", "ConnectionCache", "Endpoint", "Found", "Session"]


class Session:
    """An open descriptor, in the first-in first-out list of its endpoint."""

    __slots__ = ("descriptor", "due", "endpoint", "newer", "older", "prop")

    def __init__(self, endpoint: Endpoint, prop: bytes, descriptor: int, due: int) -> None:
        self.endpoint = endpoint
        self.prop = prop
        self.descriptor = descriptor
        self.due = due
        self.older: Session | None = None
        self.newer: Session | None = None


class Endpoint:
    """An endpoint with at least one session. The list is linked: any session leaves it at O(1)."""

    __slots__ = ("label", "newest", "oldest")

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.oldest: Session | None = None
        self.newest: Session | None = None


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


class ConnectionCache:
    """Saves and finds sessions; every method that takes `now` takes whole seconds since the epoch.

    ttl_limit: largest time to live in seconds; a longer one is shortened silently
        (connection_cache_ttl_limit).
    observer: is told what happens.
    `destinations`, `endpoints`, `sessions`: the number of destinations with a binding, of endpoints with a
    session, of sessions. `next_due()`: the second at which `expire` has something to do next, None where
    nothing is cached.
    """

    __slots__ = (
        "_deadlines",
        "_destinations",
        "_endpoints",
        "_observer",
        "destinations",
        "endpoints",
        "next_due",
        "sessions",
        "ttl_limit",
    )

    def __init__(self, ttl_limit: int, observer: Observer | None = None) -> None:
        self.ttl_limit = ttl_limit
        self.destinations = self.endpoints = self.sessions = 0
        self._deadlines = Deadlines()
        self.next_due = self._deadlines.next_due
        self._observer = observer
        # A destination's bindings, oldest first, by what makes two of them the same.
        self._destinations: dict[bytes, dict[tuple[bytes, bytes], Binding]] = {}
        self._endpoints: dict[bytes, Endpoint] = {}

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        """Append a session to the endpoint's list; never merges (scache_multi_save_endp)."""
        endpoint = self._endpoints.get(endp_label)
        if endpoint is None:
            endpoint = self._endpoints[endp_label] = Endpoint(endp_label)
            self.endpoints += 1
        session = Session(endpoint, endp_prop, descriptor, self._due(now, ttl))
        newest = endpoint.newest
        if newest is None:
            endpoint.oldest = session
        else:
            newest.newer = session
            session.older = newest
        endpoint.newest = session
        self.sessions += 1
        self._deadlines.add(session)
        if self._observer is not None:
            self._observer.session_saved(session)

    def find_endp(self, endp_label: bytes) -> Found | None:
        """Remove the endpoint's oldest session (scache_multi_find_endp); None where it has none."""
        session = self._take(endp_label)
        return None if session is None else Found((session.prop,), session)

    def put_back(self, now: int, session: Session) -> bool:
        """Undo a find: the session is its endpoint's oldest again, until its old due second.

        False where it is past that.
        """
        if session.due <= now:
            return False
        endpoint = self._endpoints.get(session.endpoint.label)
        if endpoint is None:
            endpoint = self._endpoints[session.endpoint.label] = session.endpoint
            self.endpoints += 1
        oldest = endpoint.oldest
        if oldest is None:
            endpoint.newest = session
        else:
            oldest.older = session
            session.newer = oldest
        endpoint.oldest = session
        session.endpoint = endpoint
        self.sessions += 1
        self._deadlines.add(session)
        return True

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        """Bind the destination to the endpoint, or move the expiry of the same binding
        (scache_multi_save_dest). A refreshed binding keeps its place.
        """
        due = self._due(now, ttl)
        bindings = self._destinations.get(dest_label)
        if bindings is None:
            bindings = self._destinations[dest_label] = {}
            self.destinations += 1
        key = (endp_label, dest_prop)
        binding = bindings.get(key)
        if binding is None:
            binding = bindings[key] = Binding(dest_label, dest_prop, endp_label, due)
            self._deadlines.add(binding)
            refreshed = False
        else:
            self._deadlines.move(binding, due)
            refreshed = True
        if self._observer is not None:
            self._observer.binding_saved(binding, refreshed)

    def find_dest(self, dest_label: bytes) -> Found | None:
        """Remove the first session that a binding of the destination leads to, oldest binding first
        (scache_multi_find_dest); None where none does. The binding stays.
        """
        bindings = self._destinations.get(dest_label)
        if bindings is not None:
            for binding in bindings.values():
                session = self._take(binding.endp_label)
                if session is not None:
                    return Found((binding.prop, session.prop), session)
        if self._observer is not None:
            self._observer.destination_missed(dest_label, bindings is not None)
        return None

    def expire(self, now: int) -> Iterator[int]:
        """Drop what is due; yields the descriptors of dropped sessions, which the caller closes."""
        for entry in self._deadlines.take_due(now):
            if isinstance(entry, Session):
                self._unlink(entry)
                if self._observer is not None:
                    self._observer.session_dropped(entry)
                yield entry.descriptor
            else:
                self._unbind(entry)
                if self._observer is not None:
                    self._observer.binding_dropped(entry)

    def clear(self) -> Iterator[int]:
        """Forget everything; yields the descriptors, which the caller closes."""
        for entry in self._deadlines.take_due(float("inf")):
            if isinstance(entry, Session):
                self._unlink(entry)
                yield entry.descriptor
            else:
                self._unbind(entry)

    def _take(self, endp_label: bytes) -> Session | None:
        """Take the endpoint's oldest session out."""
        endpoint = self._endpoints.get(endp_label)
        if endpoint is None:
            if self._observer is not None:
                self._observer.endpoint_missed(endp_label)
            return None
        session = endpoint.oldest
        assert session is not None, "an endpoint disappears with its last session"
        self._deadlines.cancel(session)
        self._unlink(session)
        if self._observer is not None:
            self._observer.session_found(session)
        return session

    def _due(self, now: int, ttl: int) -> int:
        """The second in which an entry is dropped that is saved now."""
        return now + (ttl if ttl < self.ttl_limit else self.ttl_limit)

    def _unlink(self, session: Session) -> None:
        endpoint, older, newer = session.endpoint, session.older, session.newer
        if older is None and newer is None:
            del self._endpoints[endpoint.label]
            self.endpoints -= 1
        if older is None:
            endpoint.oldest = newer
        else:
            older.newer = newer
        if newer is None:
            endpoint.newest = older
        else:
            newer.older = older
        session.older = session.newer = None  # no cycle is left for the garbage collector
        self.sessions -= 1

    def _unbind(self, binding: Binding) -> None:
        bindings = self._destinations[binding.dest_label]
        del bindings[binding.endp_label, binding.prop]
        if not bindings:
            del self._destinations[binding.dest_label]
            self.destinations -= 1
