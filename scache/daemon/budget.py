"""Bytes that clients may hold all together: of messages that aren't finished, of answers that aren't read."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["Budget"]


class Budget:
    """What each holder holds, and a limit to the sum. limit: bytes.

    A holder of nothing isn't known here, so that what a client at work costs is one comparison.
    """

    __slots__ = ("_held", "limit", "total")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._held: dict[Hashable, int] = {}

    def hold(self, holder: Hashable, size: int) -> Hashable | None:
        """The holder holds `size` bytes from now on. Returns who has to go where that is beyond the limit.

        It is the holder itself if it has more than its share (the limit over all holders), else whoever has
        most: so that many small messages are not lost to a big one.
        """
        self.total += size - self._held.get(holder, 0)
        if size:
            self._held[holder] = size
        else:
            self._held.pop(holder, None)
        if self.total <= self.limit or not size:
            return None
        if size * len(self._held) > self.limit:
            return holder
        return max(self._held, key=self._held.__getitem__)
