"""The four requests, carried out on a cache and counted (the scache_*_service functions of the seed)."""

from __future__ import annotations

from scache.cache.connection_cache import ConnectionCache
from scache.cache.statistics import Statistics

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.config.settings import Settings

__all__ = ["Service"]


class Service:
    """A cache and its statistics. Wire and sockets are not known here.

    settings: ttl_limit; keep_unclaimed and skip_closed, where this service may do better than Postfix's.
    hung_up tells whether a session's remote side has closed it, close closes a descriptor.
    Times are whole seconds since the epoch.
    """

    __slots__ = ("_close", "_hung_up", "_unclaimed", "cache", "settings", "statistics")

    def __init__(
        self, settings: Settings, hung_up: Callable[[int], bool], close: Callable[[int], None]
    ) -> None:
        self.cache = ConnectionCache(settings.ttl_limit)
        self.statistics = Statistics()
        self.settings = settings
        self._hung_up = hung_up
        self._close = close
        self._unclaimed: dict[int, object] = {}  # by descriptor, to be put back; overwritten in time

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        """Save a session (scache_save_endp_service)."""
        cache = self.cache
        cache.save_endp(now, ttl, endp_label, endp_prop, descriptor)
        self.statistics.saved_endp(cache.endpoints, cache.sessions)

    def find_endp(self, endp_label: bytes) -> tuple[tuple[bytes], int] | None:
        """Take a session out: its properties as the reply has them, and its descriptor
        (scache_find_endp_service).
        """
        found = self.cache.find_endp(endp_label)
        while found is not None and self._unusable(found[1]):
            found = self.cache.find_endp(endp_label)
        if found is None:
            self.statistics.endp_miss += 1
            return None
        self.statistics.endp_hits += 1
        endp_prop, descriptor = found
        return (endp_prop,), descriptor

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        """Save a binding (scache_save_dest_service)."""
        cache = self.cache
        cache.save_dest(now, ttl, dest_label, dest_prop, endp_label)
        self.statistics.saved_dest(cache.destinations, cache.endpoints)

    def find_dest(self, dest_label: bytes) -> tuple[tuple[bytes, bytes], int] | None:
        """Take a session of the destination out: both properties as the reply has them, and its descriptor
        (scache_find_dest_service).
        """
        found = self.cache.find_dest(dest_label)
        while found is not None and self._unusable(found[2]):
            found = self.cache.find_dest(dest_label)
        if found is None:
            self.statistics.dest_miss += 1
            return None
        self.statistics.dest_hits += 1
        dest_prop, endp_prop, descriptor = found
        return (dest_prop, endp_prop), descriptor

    def put_back(self, now: int, descriptor: int) -> bool:
        """A found session was not asked for, because its client has gone. False where it is to be closed, as
        Postfix always does (keep_unclaimed).
        """
        return self.settings.keep_unclaimed and self.cache.put_back(now, self._unclaimed.pop(descriptor))

    def _unusable(self, descriptor: int) -> bool:
        """Whether a session that was found is not worth handing out; then it is closed."""
        settings = self.settings
        if settings.skip_closed and self._hung_up(descriptor):
            self._close(descriptor)
            return True
        if settings.keep_unclaimed:
            self._unclaimed[descriptor] = self.cache.last_found
        return False
