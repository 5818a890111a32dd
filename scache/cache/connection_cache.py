"""The connection cache: logical destination -> physical endpoint -> session.

Bindings (destination to endpoint) and sessions (an open descriptor of an endpoint) live and die
independently. The rules are those of scache_multi.c in Postfix; descriptors are opaque here.
"""

from __future__ import annotations

from scache.cache.deadlines import Deadlines

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ConnectionCache"]


class _Session:
    """An open descriptor, in the first-in first-out list of its endpoint."""

    __slots__ = ("descriptor", "due", "endpoint", "newer", "older", "prop")

    def __init__(self, endpoint: _Endpoint, prop: bytes, descriptor: int, due: int) -> None:
        self.endpoint = endpoint
        self.prop = prop
        self.descriptor = descriptor
        self.due = due
        self.older: _Session | None = None
        self.newer: _Session | None = None


class _Endpoint:
    """An endpoint with at least one session. The list is linked: any session leaves it at O(1)."""

    __slots__ = ("label", "newest", "oldest")

    def __init__(self, label: bytes) -> None:
        self.label = label
        self.oldest: _Session | None = None
        self.newest: _Session | None = None


class _Binding:
    """A destination's way to an endpoint."""

    __slots__ = ("dest_label", "due", "endp_label", "prop")

    def __init__(self, dest_label: bytes, prop: bytes, endp_label: bytes, due: int) -> None:
        self.dest_label = dest_label
        self.prop = prop
        self.endp_label = endp_label
        self.due = due


class ConnectionCache:
    """Saves and finds sessions; every method that takes `now` takes whole seconds since the epoch.

    ttl_limit: largest time to live in seconds; a longer one is shortened silently
        (connection_cache_ttl_limit).
    `destinations`, `endpoints`, `sessions`: the number of destinations with a binding, of endpoints with a
    session, of sessions. `next_due()`: the second at which `expire` has something to do next, None where
    nothing is cached.
    """

    __slots__ = (
        "_deadlines",
        "_destinations",
        "_endpoints",
        "_taken",
        "destinations",
        "endpoints",
        "next_due",
        "sessions",
        "ttl_limit",
    )

    def __init__(self, ttl_limit: int) -> None:
        self.ttl_limit = ttl_limit
        self.destinations = self.endpoints = self.sessions = 0
        self._deadlines = Deadlines()
        self.next_due = self._deadlines.next_due
        self._taken: _Session | None = None  # the session that was found last
        # A destination's bindings, oldest first, by what makes two of them the same.
        self._destinations: dict[bytes, dict[tuple[bytes, bytes], _Binding]] = {}
        self._endpoints: dict[bytes, _Endpoint] = {}

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        """Append a session to the endpoint's list; never merges (scache_multi_save_endp)."""
        endpoint = self._endpoints.get(endp_label)
        if endpoint is None:
            endpoint = self._endpoints[endp_label] = _Endpoint(endp_label)
            self.endpoints += 1
        session = _Session(endpoint, endp_prop, descriptor, self._due(now, ttl))
        newest = endpoint.newest
        if newest is None:
            endpoint.oldest = session
        else:
            newest.newer = session
            session.older = newest
        endpoint.newest = session
        self.sessions += 1
        self._deadlines.add(session)

    def find_endp(self, endp_label: bytes) -> tuple[bytes, int] | None:
        """Remove the endpoint's oldest session; its property and descriptor, or None
        (scache_multi_find_endp).
        """
        endpoint = self._endpoints.get(endp_label)
        if endpoint is None:
            return None
        session = endpoint.oldest
        assert session is not None, "an endpoint disappears with its last session"
        self._deadlines.cancel(session)
        self._unlink(session)
        self._taken = session
        return session.prop, session.descriptor

    def put_back(self, now: int, ticket: object) -> bool:
        """Undo a find: the session is its endpoint's oldest again, until its old due second.

        ticket: what `last_found` gave after the find. False where the session is past its due second.
        """
        assert isinstance(ticket, _Session)
        if ticket.due <= now:
            return False
        endpoint = self._endpoints.get(ticket.endpoint.label)
        if endpoint is None:
            endpoint = self._endpoints[ticket.endpoint.label] = ticket.endpoint
            self.endpoints += 1
        oldest = endpoint.oldest
        if oldest is None:
            endpoint.newest = ticket
        else:
            oldest.older = ticket
            ticket.newer = oldest
        endpoint.oldest = ticket
        ticket.endpoint = endpoint
        self.sessions += 1
        self._deadlines.add(ticket)
        return True

    @property
    def last_found(self) -> object:
        """The session that was found last, for `put_back`."""
        return self._taken

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
            binding = bindings[key] = _Binding(dest_label, dest_prop, endp_label, due)
            self._deadlines.add(binding)
        else:
            self._deadlines.move(binding, due)

    def find_dest(self, dest_label: bytes) -> tuple[bytes, bytes, int] | None:
        """The first session that a binding of the destination leads to, oldest binding first
        (scache_multi_find_dest): destination's property, endpoint's property, descriptor; or None.
        """
        for binding in self._destinations.get(dest_label, {}).values():
            found = self.find_endp(binding.endp_label)
            if found is not None:
                return (binding.prop, *found)
        return None

    def expire(self, now: float) -> Iterator[int]:
        """Drop what is due; yields the descriptors of dropped sessions, which the caller closes."""
        for entry in self._deadlines.take_due(now):
            if isinstance(entry, _Session):
                self._unlink(entry)
                yield entry.descriptor
            else:
                self._unbind(entry)

    def clear(self) -> Iterator[int]:
        """Forget everything; yields the descriptors, which the caller closes."""
        return self.expire(float("inf"))

    def _due(self, now: int, ttl: int) -> int:
        """The second in which an entry is dropped that is saved now."""
        return now + (ttl if ttl < self.ttl_limit else self.ttl_limit)

    def _unlink(self, session: _Session) -> None:
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

    def _unbind(self, binding: _Binding) -> None:
        bindings = self._destinations[binding.dest_label]
        del bindings[binding.endp_label, binding.prop]
        if not bindings:
            del self._destinations[binding.dest_label]
            self.destinations -= 1
