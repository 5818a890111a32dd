"""The four requests, carried out on a cache and counted (the scache_*_service functions of the seed)."""

from __future__ import annotations

from scache.cache import ConnectionCache
from scache.statistics import Statistics

__all__ = ["Service"]


class Service:
    """A cache and its statistics. Wire and sockets are not known here.

    ttl_limit: see ConnectionCache. Times are whole seconds since the epoch.
    """

    __slots__ = ("cache", "statistics")

    def __init__(self, ttl_limit: int) -> None:
        self.cache = ConnectionCache(ttl_limit)
        self.statistics = Statistics()

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        """Save a session (scache_save_endp_service)."""
        self.cache.save_endp(now, ttl, endp_label, endp_prop, descriptor)
        self.statistics.saved_endp(self.cache)

    def find_endp(self, endp_label: bytes) -> tuple[tuple[bytes], int] | None:
        """Take a session out: its properties as the reply has them, and its descriptor
        (scache_find_endp_service).
        """
        found = self.cache.find_endp(endp_label)
        if found is None:
            self.statistics.endp_miss += 1
            return None
        self.statistics.endp_hits += 1
        endp_prop, descriptor = found
        return (endp_prop,), descriptor

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        """Save a binding (scache_save_dest_service)."""
        self.cache.save_dest(now, ttl, dest_label, dest_prop, endp_label)
        self.statistics.saved_dest(self.cache)

    def find_dest(self, dest_label: bytes) -> tuple[tuple[bytes, bytes], int] | None:
        """Take a session of the destination out: both properties as the reply has them, and its descriptor
        (scache_find_dest_service).
        """
        found = self.cache.find_dest(dest_label)
        if found is None:
            self.statistics.dest_miss += 1
            return None
        self.statistics.dest_hits += 1
        dest_prop, endp_prop, descriptor = found
        return (dest_prop, endp_prop), descriptor
