"""What happens to the descriptors of cached sessions: they are watched, and closed when they leave."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.daemon.network import READABLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.cache.entries import Session
    from scache.config.settings import Settings
    from scache.daemon.interfaces import Network

__all__ = ["MOMENT", "PATIENCE", "CachedSessions", "clients_beside", "room_for_sessions"]

#: Seconds, at most, before the network reports on a session. Where there is much to do most are found before,
#: and a look at those that are costs less than to begin with reports and to end them.
MOMENT = 0.05

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
    """Closes, watches and says good-bye. closed is called each time that a descriptor is free again.
    call_within takes seconds, and what is to be called by then, unless it is to be called anyway.

    `watched`: the sessions that the network reports on, by descriptor: from a moment after `watch` until they
    leave the cache. `leaving`: descriptors whose remote side has been told good-bye and hasn't answered yet.
    """

    __slots__ = (
        "_call_within",
        "_called",
        "_closed",
        "_fresh",
        "_network",
        "_settings",
        "_unwatch",
        "_watch",
        "leaving",
        "watched",
    )

    def __init__(
        self,
        network: Network,
        settings: Settings,
        closed: Callable[[], None],
        call_within: Callable[[float, Callable[[int], None]], None],
    ) -> None:
        self._network = network
        self._watch, self._unwatch = network.watch, network.unwatch
        self._settings = settings
        self._closed = closed
        self._call_within = call_within
        self._called = False  # whether watch_fresh will be; to ask call_within at each save costs more
        self._fresh: dict[int, Session] = {}  # those to be watched that aren't yet
        self.watched: dict[int, Session] = {}
        self.leaving: dict[int, None] = {}

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on."""
        self._settings = settings

    def watch(self, session: Session) -> None:
        """The session is in the cache now."""
        self._fresh[session.descriptor] = session
        if not self._called:
            self._called = True
            self._call_within(MOMENT, self.watch_fresh)

    def watch_fresh(self, _now: int) -> None:
        """Have the network report on the sessions that have come since the last time. What can't be watched,
        such as a file, isn't.
        """
        self._called = False
        for descriptor, session in self._fresh.items():
            try:
                self._watch(descriptor, READABLE)
            except OSError:
                continue
            self.watched[descriptor] = session
        self._fresh.clear()

    def unwatch(self, session: Session) -> None:
        """The session is no longer in the cache."""
        descriptor = session.descriptor
        if self._fresh.pop(descriptor, None) is None and self.watched.pop(descriptor, None) is not None:
            self._unwatch(descriptor)

    def has_ended(self, session: Session) -> bool:
        """The session is no longer in the cache. Whether its remote side has closed it or has said something,
        and the network wasn't yet to report on it.
        """
        descriptor = session.descriptor
        if self._fresh.pop(descriptor, None) is not None:
            return self._network.readable(descriptor) and self._can_be_watched(descriptor)
        if self.watched.pop(descriptor, None) is not None:
            self._unwatch(descriptor)
        return False

    def _can_be_watched(self, descriptor: int) -> bool:
        try:
            self._watch(descriptor, READABLE)
        except OSError:
            return False  # such as a file, which is always readable
        self._unwatch(descriptor)
        return True

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
        self._unwatch(descriptor)
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
            ready = self._network.wait(left)
            if not ready:
                break
            for handle, _events in ready:
                if handle in self.leaving:
                    self.answered(handle)
                else:
                    self._network.unwatch(handle)  # a newcomer, or a signal: nobody sees to it any more
        self.give_up(0)

    def _say_goodbye(self, descriptor: int, text: bytes) -> None:
        said = self._network.tell(descriptor, text)
        if said and len(self.leaving) < _MOST_LEAVING:
            try:
                self._watch(descriptor, READABLE)
            except OSError:
                pass
            else:
                self.leaving[descriptor] = None
                self._call_within(PATIENCE, self.give_up)
                return
        self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        self._network.close(descriptor)
        self._closed()
