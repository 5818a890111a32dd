"""-v: Postfix's lines for what happens in the cache (scache_multi.c)."""

from __future__ import annotations

from scache.cache.connection_cache import ConnectionCache
from scache.protocol.attributes import printed

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["VerboseCache"]


class VerboseCache(ConnectionCache):
    """A cache that says what it does. log takes the text of a line."""

    __slots__ = ("_log",)

    def __init__(self, ttl_limit: int, log: Callable[[str], None]) -> None:
        super().__init__(ttl_limit)
        self._log = log

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> None:
        super().save_endp(now, ttl, endp_label, endp_prop, descriptor)
        self._log(f"scache_multi_save_endp: {_endpoint(endp_label, endp_prop, descriptor)}")

    def find_endp(self, endp_label: bytes) -> tuple[bytes, int] | None:
        found = super().find_endp(endp_label)
        if found is None:
            self._log(f"scache_multi_find_endp: no endpoint cache: endp_label={printed(endp_label)}")
        else:
            self._log(f"scache_multi_find_endp: found: {_endpoint(endp_label, *found)}")
        return found

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        super().save_dest(now, ttl, dest_label, dest_prop, endp_label)
        self._log(
            f"scache_multi_save_dest: dest_label={printed(dest_label)}"
            f" -> dest_prop={printed(dest_prop)} endp_label={printed(endp_label)}"
        )

    def find_dest(self, dest_label: bytes) -> tuple[bytes, bytes, int] | None:
        found = super().find_dest(dest_label)
        if found is None:
            self._log(f"scache_multi_find_dest: not found: dest_label={printed(dest_label)}")
        return found

    def expire(self, now: float) -> Iterator[int]:
        for descriptor in super().expire(now):
            self._log(f"scache_multi_drop_endp: fd={descriptor}")
            yield descriptor


def _endpoint(label: bytes, prop: bytes, descriptor: int) -> str:
    return f"endp_label={printed(label)} -> endp_prop={printed(prop)} fd={descriptor}"
