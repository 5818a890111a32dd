"""The four requests, carried out on a cache and counted (the scache_*_service functions of the seed)."""

from __future__ import annotations

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Session
from scache.cache.statistics import Statistics
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from scache.cache.entries import Binding, Found
    from scache.cache.interfaces import Sessions
    from scache.cache.observer import Observer
    from scache.config.settings import Settings

__all__ = ["Service"]


class Service:
    """A cache and its statistics, both its own. Wire and sockets are not known here.

    sessions: what is done to the descriptors of cached sessions. bound_met takes a sentence each time that
    one of the bounds, which Postfix doesn't have, is met. observer: is told what happens in the cache. Times
    are whole seconds since the epoch. `next_due()`: the second at which `expire` has something to do next,
    None where nothing is cached. `looked_through`: how many bindings the last find_dest may have looked at.
    The largest numbers of the statistics leave out the moments in which `expire` is behind: then nobody knows
    how many entries there should be.
    """

    __slots__ = (
        "_bound_met",
        "_cache",
        "_careful",
        "_observer",
        "_sessions",
        "_settings",
        "_statistics",
        "looked_through",
        "next_due",
    )

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        bound_met: Callable[[str], None],
        observer: Observer | None = None,
    ) -> None:
        self._cache = ConnectionCache(settings, observer)
        self._statistics = Statistics()
        self._settings = settings
        self._careful = settings.watch or settings.skip_closed  # whether a found session is looked at first
        self._sessions = sessions
        self._observer = observer
        self._bound_met = bound_met
        self.next_due = self._cache.next_due
        self.looked_through = 0

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Destinations with a binding, endpoints with a session, sessions."""
        cache = self._cache
        return cache.destinations, cache.endpoints, cache.sessions

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> bool:
        """Save a session (scache_save_endp_service). False where there is no room for its label and property,
        or the descriptor is refused: then it is still the caller's. Where there are too many sessions, an
        older one is closed.
        """
        cache = self._cache
        if self._settings.streams_only and not self._sessions.is_connection(descriptor):
            self._bound_met("a descriptor is no connected stream socket: see scache_accept")
            return False
        session = cache.save_endp(now, ttl, endp_label, endp_prop, descriptor)
        if session is None:
            self._bound_met("no room for a session: see scache_cache_size_limit")
            return False
        if session.older is not None or cache.sessions > self._settings.session_limit:
            surplus = cache.surplus(session.endpoint)
            if surplus is not None:
                cache.drop(surplus)
                self._bound_met("too many sessions: see scache_session_limit, scache_endpoint_session_limit")
                self._sessions.close(surplus)
        if self._settings.watch:
            self._sessions.watch(session)
        if not cache.behind:
            self._statistics.saved_endp(cache.endpoints, cache.sessions)
        return True

    def find_endp(self, endp_label: bytes) -> Found | None:
        """Take a session out (scache_find_endp_service)."""
        found = self._cache.find_endp(endp_label, self._is_good if self._careful else None)
        if found is None:
            self._statistics.endp_miss += 1
        else:
            self._statistics.endp_hits += 1
        return found

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        """Save a binding (scache_save_dest_service). False where there is no room for another one."""
        cache = self._cache
        if not cache.save_dest(now, ttl, dest_label, dest_prop, endp_label):
            self._bound_met(
                "no room for a binding: see scache_binding_limit, scache_destination_binding_limit, "
                "scache_cache_size_limit"
            )
            return False
        if not cache.behind:
            self._statistics.saved_dest(cache.destinations, cache.endpoints)
        return True

    def find_dest(self, dest_label: bytes) -> Found | None:
        """Take a session of the destination out (scache_find_dest_service)."""
        cache = self._cache
        found = cache.find_dest(dest_label, self._is_good if self._careful else None)
        self.looked_through = cache.looked_through
        if found is None:
            self._statistics.dest_miss += 1
        else:
            self._statistics.dest_hits += 1
        return found

    def put_back(self, now: int, found: Found) -> bool:
        """A client went away without the session that it found. False where it is to be closed, as Postfix
        always does (keep_unclaimed).
        """
        return self._settings.keep_unclaimed and self.take_back(now, found)

    def take_back(self, now: int, found: Found) -> bool:
        """A found session couldn't be sent: it has its old place again, until its old due second. False where
        it is past that, and is to be closed.
        """
        if not self._cache.put_back(now, found.session):
            return False
        if self._settings.watch:
            self._sessions.watch(found.session)
        return True

    def _is_good(self, session: Session, by_destination: bool) -> bool:
        """Whether a session that was found can be handed out. If its remote side has ended it since it was
        saved, unseen (watch), or has closed it (skip_closed), it is closed here, too.
        """
        sessions = self._sessions
        if sessions.has_ended(session):
            self._count_ended(session)
        elif not (self._settings.skip_closed and sessions.hung_up(session)):
            return True
        if self._observer is not None:
            self._observer.session_unusable(session, by_destination)
        sessions.discard(session)
        return False

    def ended(self, session: Session) -> None:
        """The remote side of a cached session has closed it, or has said something that nobody asked for."""
        self._count_ended(session)
        self._cache.drop(session)
        self._sessions.discard(session)

    def _count_ended(self, session: Session) -> None:
        if self._sessions.hung_up(session):
            self._statistics.closed += 1
        else:
            self._statistics.spoke += 1

    def expire(self, now: int, most: float = float("inf")) -> Iterator[Session]:
        """Drop what is due, so many entries at most; yields the dropped sessions, whose descriptors the
        caller closes.
        """
        return self._cache.expire(now, most)

    def take_next(self, now: int) -> Binding | Session | None:
        """Take an entry out for the handover to another daemon; None once there is no more."""
        entry = self._cache.take_next(now)
        if isinstance(entry, Session):
            self._sessions.unwatch(entry)
        return entry

    def clear(self) -> Iterator[Session]:
        """Forget everything; yields the sessions, whose descriptors the caller closes."""
        return self._cache.clear()

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on; what is cached stays as it is."""
        self._settings = self._cache.settings = settings
        self._careful |= settings.watch or settings.skip_closed  # for good: some may be watched still

    @property
    def serial(self) -> int:
        """The number of the session that was saved last."""
        return self._cache.serial

    def lookups(self) -> dict[str, dict[str, int]]:
        """Of all finds since the beginning, how many found something."""
        dest_hits, dest_misses, endp_hits, endp_misses = self._statistics.lookups()
        return {
            "destination": {"hits": dest_hits, "misses": dest_misses},
            "endpoint": {"hits": endp_hits, "misses": endp_misses},
        }

    def sessions_ended(self) -> dict[str, int]:
        """Since the beginning, how many cached sessions their remote sides have ended, and how."""
        closed, spoke = self._statistics.ended()
        return {"closed": closed, "spoke": spoke}

    def show(self, look: Callable[[ConnectionCache], dict[str, Any]]) -> dict[str, Any]:
        """Let somebody look at the cache, who only looks; what was seen."""
        return look(self._cache)

    def take_statistics(self, start: str) -> list[str]:
        """The log texts of the interval that began at `start`, and begin another one (scache_status_dump)."""
        lines = self._statistics.lines(start)
        self._statistics.reset()
        return lines
