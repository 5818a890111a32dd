"""Bytes that clients may hold all together: of messages that aren't finished, of answers that aren't read."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.config.settings import Settings
    from scache.daemon.interfaces import Client

__all__ = ["Budget", "ClientMemory"]


class Budget:
    """What each holder holds, and a limit to the sum. limit: bytes.

    A holder of nothing isn't known here, so that what a client at work costs is one comparison.
    """

    __slots__ = ("_held", "limit", "total")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.total = 0
        self._held: dict[Client, int] = {}

    def hold(self, holder: Client, size: int) -> Client | None:
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

    def shrink(self) -> Client | None:
        """What is held is too much: three quarters of it are the limit now. Returns who holds most."""
        self.limit = min(self.limit, self.total * 3 // 4)
        return max(self._held, key=self._held.__getitem__, default=None)


class ClientMemory:
    """What all clients hold together, and who is closed where that is too much.

    too_much(client, what) is told who has to go.
    """

    __slots__ = ("_too_much", "_unfinished", "_unread")

    def __init__(self, settings: Settings, too_much: Callable[[Client, str], None]) -> None:
        self._unfinished = Budget(settings.unfinished_limit)
        self._unread = Budget(settings.unread_limit)
        self._too_much = too_much

    def reconfigure(self, settings: Settings) -> None:
        """Go by other limits from now on."""
        self._unfinished.limit = settings.unfinished_limit
        self._unread.limit = settings.unread_limit

    def unfinished(self, client: Client, size: int) -> None:
        """So many bytes of a message have come whose rest is due."""
        leaving = self._unfinished.hold(client, size)
        if leaving is not None:
            self._too_much(leaving, "unfinished messages: see scache_unfinished_limit")

    def unread(self, client: Client, size: int) -> None:
        """So many bytes of answers wait until the client reads."""
        leaving = self._unread.hold(client, size)
        if leaving is not None:
            self._too_much(leaving, "answers that aren't read: see scache_unread_limit")

    def shrink(self) -> list[Client]:
        """There is no memory left: clients may hold less than they do from now on. Returns who holds most."""
        holders = self._unfinished.shrink(), self._unread.shrink()
        return [client for client in holders if client is not None]

    def gone(self, client: Client) -> None:
        """The client holds nothing any more."""
        self._unfinished.hold(client, 0)
        self._unread.hold(client, 0)
