"""The four requests, carried out on a cache and counted (the scache_*_service functions of the seed)."""

from __future__ import annotations

from scache.cache.connection_cache import ConnectionCache
from scache.cache.statistics import Statistics
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scache.cache.connection_cache import Found
    from scache.cache.observer import Observer
    from scache.config.settings import Settings

__all__ = ["Service"]


class Service:
    """A cache and its statistics, both its own. Wire and sockets are not known here.

    settings: ttl_limit; keep_unclaimed and skip_closed, where this service may do better than Postfix's.
    hung_up tells whether a session's remote side has closed it, close closes a descriptor.
    observer: is told what happens in the cache.
    Times are whole seconds since the epoch. `next_due()`: the second at which `expire` has something to do
    next, None where nothing is cached.
    """

    __slots__ = ("_cache", "_close", "_hung_up", "_settings", "_statistics", "next_due")

    def __init__(
        self,
        settings: Settings,
        hung_up: Callable[[int], bool],
        close: Callable[[int], None],
        observer: Observer | None = None,
    ) -> None:
        self._cache = ConnectionCache(settings.ttl_limit, observer)
        self._statistics = Statistics()
        self._settings = settings
        self._hung_up = hung_up
        self._close = close
        self.next_due = self._cache.next_due

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Destinations with a binding, endpoints with a session, sessions."""
        cache = self._cache
        return cache.destinations, cache.endpoints, cache.sessions

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        """Save a session (scache_save_endp_service)."""
        cache = self._cache
        cache.save_endp(now, ttl, endp_label, endp_prop, descriptor)
        self._statistics.saved_endp(cache.endpoints, cache.sessions)

    def find_endp(self, endp_label: bytes) -> Found | None:
        """Take a session out (scache_find_endp_service)."""
        found = self._cache.find_endp(endp_label)
        if self._settings.skip_closed:
            while found is not None and self._is_closed(found):
                found = self._cache.find_endp(endp_label)
        if found is None:
            self._statistics.endp_miss += 1
        else:
            self._statistics.endp_hits += 1
        return found

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        """Save a binding (scache_save_dest_service)."""
        cache = self._cache
        cache.save_dest(now, ttl, dest_label, dest_prop, endp_label)
        self._statistics.saved_dest(cache.destinations, cache.endpoints)

    def find_dest(self, dest_label: bytes) -> Found | None:
        """Take a session of the destination out (scache_find_dest_service)."""
        found = self._cache.find_dest(dest_label)
        if self._settings.skip_closed:
            while found is not None and self._is_closed(found):
                found = self._cache.find_dest(dest_label)
        if found is None:
            self._statistics.dest_miss += 1
        else:
            self._statistics.dest_hits += 1
        return found

    def put_back(self, now: int, found: Found) -> bool:
        """A found session was not asked for, because its client has gone. False where it is to be closed, as
        Postfix always does (keep_unclaimed).
        """
        return self._settings.keep_unclaimed and self._cache.put_back(now, found.session)

    def expire(self, now: int) -> Iterator[int]:
        """Drop what is due; yields the descriptors of dropped sessions, which the caller closes."""
        return self._cache.expire(now)

    def clear(self) -> Iterator[int]:
        """Forget everything; yields the descriptors, which the caller closes."""
        return self._cache.clear()

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on; what is cached stays as it is."""
        self._settings = settings
        self._cache.ttl_limit = settings.ttl_limit

    def take_statistics(self, start: str) -> list[str]:
        """The log texts of the interval that began at `start`, and begin another one (scache_status_dump)."""
        lines = self._statistics.lines(start)
        self._statistics.reset()
        return lines

    def _is_closed(self, found: Found) -> bool:
        """Whether the remote side of a session has closed it; then it is closed here, too."""
        descriptor = found.session.descriptor
        if not self._hung_up(descriptor):
            return False
        self._close(descriptor)
        return True
