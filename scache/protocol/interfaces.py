"""What a conversation needs of the cache. Imported for type checking only: typing would add to the daemon's
start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from scache.cache.entries import Found

__all__ = ["Requests"]


class Requests(Protocol):
    """What carries out the requests of a conversation. `looked_through`: how many bindings the last find_dest
    may have looked at.
    """

    looked_through: int

    def save_endp(self, now: int, ttl: int, label: bytes, prop: bytes, descriptor: int, /) -> bool: ...
    def find_endp(self, label: bytes, /) -> Found | None: ...
    def save_dest(self, now: int, ttl: int, dest: bytes, prop: bytes, endpoint: bytes, /) -> bool: ...
    def find_dest(self, label: bytes, /) -> Found | None: ...
    def put_back(self, now: int, found: Found, /) -> bool: ...
    def take_back(self, now: int, found: Found, /) -> bool: ...
