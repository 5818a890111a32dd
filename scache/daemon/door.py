"""Where clients come in: newcomers are looked for while there is room for one."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.daemon.network import READABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from scache.daemon.clock import Moment
    from scache.daemon.interfaces import Network, Stream
    from scache.daemon.timers import Timers

__all__ = ["Door"]

#: Seconds without accepting after descriptors were used up.
_PAUSE = 0.1

#: Seconds for which nobody else comes in, at most, while the daemon before this one passes on what it has
#: cached: who asked for it earlier would go away with nothing. And those for which room is kept for it.
_ALONE = 1
_ROOM_KEPT = 600


class Door:
    """The listening socket of a network, watched while there is room.

    inside: the clients that have come in. most: how many may be. limits: timers of the monotonic clock.
    no_room is told what there is no room for.
    """

    __slots__ = (
        "_inside",
        "_limits",
        "_moment",
        "_most_beside",
        "_network",
        "_no_room",
        "_open",
        "_predecessor",
        "_shut",
        "most",
    )

    def __init__(
        self,
        network: Network,
        moment: Moment,
        limits: Timers,
        inside: Sized,
        most: int,
        no_room: Callable[[str], None],
    ) -> None:
        self._network = network
        self._moment = moment
        self._limits = limits
        self._inside = inside
        self.most = most
        self._no_room = no_room
        self._open = self._shut = False
        self._predecessor = -1  # the handle of the daemon before this one
        self._most_beside = 0  # how many may be inside with it, 0: as many as ever

    def keep_room(self, predecessor: int, most: int) -> None:
        """This client is the daemon before this one, each of whose sessions is to find a free descriptor:
        until it has gone it is alone, for a second, and for ten minutes no more than so many are inside.
        """
        self._predecessor = predecessor
        self._most_beside = 1

        def let_others_in(_now: int) -> None:
            self._most_beside = self._most_beside and most
            self.mind()

        self._limits.set(let_others_in, self._moment.elapsed + _ALONE)
        self._limits.set(self._predecessor_gone, self._moment.elapsed + _ROOM_KEPT)
        self.mind()

    def mind(self) -> None:
        """Look for newcomers while there is room for one, unless accepting pauses."""
        wanted = self._pause_over not in self._limits and len(self._inside) < self._room()
        if not self._shut and wanted != self._open:
            self._open = wanted
            if wanted:
                self._network.watch(self._network.listener, READABLE)
            else:
                self._network.unwatch(self._network.listener)

    def newcomer(self) -> Stream | None:
        """Who comes in: nobody where who knocked has gone away, or there is no room now."""
        if not self._open:
            return None  # there was room when this turn began
        try:
            return self._network.accept()
        except (BlockingIOError, ConnectionError):
            return None  # it went away before we came to it
        except OSError as failure:
            self._no_room(f"accept connection: {failure.strerror}")
            self._limits.set(self._pause_over, self._moment.elapsed + _PAUSE)
            self.mind()
            return None

    def came_in(self) -> None:
        """One more is inside."""
        if len(self._inside) >= self.most:
            self._no_room("clients wait: see scache_client_limit")
        if len(self._inside) >= self._room():
            self.mind()

    def descriptor_free(self) -> None:
        """There is a free descriptor: if accepting pauses for want of one, its timer need not pass."""
        if self._pause_over in self._limits:
            self._limits.cancel(self._pause_over)
            self.mind()

    def went_out(self, handle: int) -> None:
        """One less is inside, and has left a descriptor."""
        if handle == self._predecessor:
            self._most_beside = 0
        self._limits.cancel(self._pause_over)
        self.mind()

    def shut(self) -> None:
        """Nobody comes in any more, and the listening socket is another's affair."""
        self._shut = True
        if self._open:
            self._network.unwatch(self._network.listener)

    def _room(self) -> int:
        return min(self.most, self._most_beside or self.most)

    def _predecessor_gone(self, _now: int) -> None:
        self._most_beside = 0
        self.mind()

    def _pause_over(self, _now: int) -> None:
        self.mind()
