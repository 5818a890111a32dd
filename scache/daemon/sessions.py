"""What happens to the descriptors of cached sessions: they are watched, and closed when they leave."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.daemon.network import READABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.cache.entries import Session
    from scache.config.settings import Settings
    from scache.daemon.interfaces import Network

__all__ = ["PATIENCE", "CachedSessions", "clients_beside", "room_for_sessions"]

#: Sessions that may be saying good-bye at a time, and seconds that each has for it.
_MOST_LEAVING = 100
PATIENCE = 5.0

#: Descriptors that sessions leave to others, a quarter where that is less.
_MOST_RESERVED = 1024

#: Descriptors of the daemon itself: standard streams, master's, its socket, its log, signals, epoll.
_OWN_FILES = 16


def room_for_sessions(asked: int, open_files: int) -> int:
    """How many sessions may be cached where so many files may be open: some are left for clients and for what
    comes in with them. asked: no more than that, 0 where nobody cares.
    """
    room = open_files - min(_MOST_RESERVED, open_files // 4)
    return min(asked, room) if asked else room


def clients_beside(sessions: int, open_files: int) -> int:
    """How many clients leave room for so many sessions, each with one under way; one in any case."""
    return max(1, (open_files - sessions - _OWN_FILES) // 2)


class CachedSessions:
    """Closes, watches and says good-bye. closed is called each time that a descriptor is free again,
    said_goodbye when a session has some time to answer, after which `give_up` is due.

    `watched`: the sessions that the network reports on, by descriptor: from `watch` until they leave the
    cache. `leaving`: descriptors whose remote side has been told good-bye and hasn't answered yet.
    """

    __slots__ = ("_closed", "_network", "_said_goodbye", "_settings", "leaving", "watched")

    def __init__(
        self,
        network: Network,
        settings: Settings,
        closed: Callable[[], None],
        said_goodbye: Callable[[], None],
    ) -> None:
        self._network = network
        self._settings = settings
        self._closed = closed
        self._said_goodbye = said_goodbye
        self.watched: dict[int, Session] = {}
        self.leaving: dict[int, None] = {}

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        self._settings = settings

    def watch(self, session: Session) -> None:
        """The session is in the cache now. What can't be watched, such as a file, isn't."""
        try:
            self._network.watch(session.descriptor, READABLE)
        except OSError:
            return
        self.watched[session.descriptor] = session

    def unwatch(self, session: Session) -> None:
        """The session is no longer in the cache."""
        if self.watched and self.watched.pop(session.descriptor, None) is not None:
            self._network.unwatch(session.descriptor)

    def is_connection(self, descriptor: int) -> bool:
        """Whether it is a connected stream socket."""
        return self._network.is_connection(descriptor)

    def hung_up(self, session: Session) -> bool:
        """Whether the remote side has closed it."""
        return self._network.hung_up(session.descriptor)

    def discard(self, session: Session) -> None:
        """Close a session without a word."""
        self.unwatch(session)
        self._close(session.descriptor)

    def close(self, session: Session) -> None:
        """Close a session that nobody asked for any more; if its service has a good-bye, its remote side is
        told and gets some time to answer, so that it doesn't log a lost connection.
        """
        goodbyes = self._settings.goodbye
        if goodbyes:
            service = session.endpoint.label.partition(b"\n")[0]
            text = goodbyes.get(service) or goodbyes.get(b"")
            if text:
                self.unwatch(session)
                self._say_goodbye(session.descriptor, text)
                return
        self.discard(session)

    def answered(self, descriptor: int) -> None:
        """The remote side has answered a good-bye, or closed, or had its time."""
        del self.leaving[descriptor]
        self._network.unwatch(descriptor)
        self._network.drain(descriptor)
        self._close(descriptor)

    def give_up(self, _now: int) -> None:
        """Those who haven't answered have had their time, the last one perhaps less: it is a courtesy."""
        for descriptor in list(self.leaving):
            self.answered(descriptor)

    def hear_out(self, monotonic: Callable[[], float]) -> None:
        """The daemon ends: wait for answers to good-byes, while some come, and for a second at most."""
        end = monotonic() + 1
        while self.leaving and (left := end - monotonic()) > 0:
            ready = [handle for handle, _events in self._network.wait(left) if handle in self.leaving]
            if not ready:
                break
            for handle in ready:
                self.answered(handle)
        self.give_up(0)

    def _say_goodbye(self, descriptor: int, text: bytes) -> None:
        said = self._network.tell(descriptor, text)
        if said and len(self.leaving) < _MOST_LEAVING:
            try:
                self._network.watch(descriptor, READABLE)
            except OSError:
                pass
            else:
                self.leaving[descriptor] = None
                self._said_goodbye()
                return
        self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._network.close(descriptor)
        self._closed()
