"""The connection cache: logical destination -> physical endpoint -> session.

Bindings (destination to endpoint) and sessions (an open descriptor of an endpoint) live and die
independently. The rules are those of scache_multi.c in Postfix; descriptors are opaque here.
"""

from __future__ import annotations

from scache.cache.crowds import Crowds
from scache.cache.deadlines import Deadlines
from scache.cache.entries import Binding, Endpoint, Found, Session
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sized

    from scache.cache.observer import Bindings, Observer
    from scache.config.settings import Settings

    IsGood = Callable[[Session, bool], bool]

__all__ = ["ConnectionCache"]


class ConnectionCache:
    """Saves and finds sessions; every method that takes `now` takes whole seconds since the epoch.

    settings: ttl_limit, newest_first, and the bounds. observer: is told what happens. `destinations`,
    `endpoints`, `sessions`, `bindings`: the number of destinations with a binding, of endpoints with a
    session, of sessions, of bindings. `size`: bytes of the labels and properties of all of them.
    `looked_through`: how many bindings the last find_dest may have looked at.
    `serial`: that of the session which was saved last. `next_due()`: the second at which `expire` has
    something to do next, None where nothing is cached.

    What `expire` leaves for later counts in these numbers and in the bounds, but nobody finds it.
    """

    __slots__ = (
        "_crowds",
        "_deadlines",
        "_destinations",
        "_endpoints",
        "_observer",
        "_passed_over",
        "_to_pass_on",
        "bindings",
        "destinations",
        "endpoints",
        "looked_through",
        "next_due",
        "serial",
        "sessions",
        "settings",
        "size",
    )

    def __init__(self, settings: Settings, observer: Observer | None = None) -> None:
        self.settings = settings
        self.destinations = self.endpoints = self.sessions = self.bindings = self.size = 0
        self.looked_through = 0
        self._deadlines = Deadlines()
        self.next_due = self._deadlines.next_due
        self._observer = observer
        self._passed_over = None if observer is None else observer.passed_over
        self._crowds = Crowds()
        self._to_pass_on: Iterator[Binding | Session] | None = None
        self.serial = 0
        # A destination's bindings, oldest first, by what makes two of them the same.
        self._destinations: dict[bytes, Bindings] = {}
        self._endpoints: dict[bytes, Endpoint] = {}

    @property
    def behind(self) -> bool:
        """Whether `expire` has left something for later."""
        return self._deadlines.overdue >= 0

    def save_endp(
        self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int
    ) -> Session | None:
        """Append a session to the endpoint's list; never merges (scache_multi_save_endp).

        None where its label and property have no room. Where there are too many sessions now, `surplus` names
        one.
        """
        if self.size + len(endp_label) + len(endp_prop) > self.settings.cache_size_limit:
            return None
        self.serial += 1
        endpoint = self._endpoint(endp_label)
        session = Session(endpoint, endp_prop, descriptor, self._due(now, ttl), self.serial)
        self._link(session, endpoint.newest)
        if self._observer is not None:
            self._observer.session_saved(session)
        return session

    def find_endp(self, endp_label: bytes, is_good: IsGood | None = None) -> Found | None:
        """Remove the endpoint's oldest session (scache_multi_find_endp); None where it has none.

        is_good(session, by_destination): whether a session that is removed may be given; else the next is.
        """
        session = self._take(endp_label, None, is_good)
        if session is not None:
            return Found((session.prop,), session)
        if self._observer is not None:
            self._observer.endpoint_missed(endp_label)
        return None

    def put_back(self, now: int, session: Session) -> bool:
        """Undo a find: the session has its old place in the endpoint's list, until its old due second.

        False where it is past that, or there is no room for it any more.
        """
        if session.due <= now or not self._has_place(session):
            return False
        session.endpoint = self._endpoint(session.endpoint.label)
        older, newer = None, session.endpoint.oldest
        while newer is not None and newer.serial < session.serial:
            older, newer = newer, newer.newer
        self._link(session, older)
        return True

    def _has_place(self, session: Session) -> bool:
        """Whether a session that was found can be put back within the bounds."""
        settings, endpoint = self.settings, self._endpoints.get(session.endpoint.label)
        return (
            not 0 < settings.session_limit <= self.sessions
            and (endpoint is None or endpoint.sessions < settings.endpoint_session_limit)
            and self.size + len(session.endpoint.label) + len(session.prop) <= settings.cache_size_limit
        )

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        """Bind the destination to the endpoint, or move the expiry of the same binding
        (scache_multi_save_dest). A refreshed binding keeps its place. False where another one has no room.
        """
        due = self._due(now, ttl)
        bindings = self._destinations.get(dest_label)
        key = (endp_label, dest_prop)
        binding = None if bindings is None else bindings.get(key)
        if binding is not None and binding.due <= self._deadlines.overdue:
            self._deadlines.cancel(binding)
            self._drop_binding(binding)
            bindings, binding = self._destinations.get(dest_label), None
        if binding is None:
            size = len(dest_label) + len(dest_prop) + len(endp_label)
            if not self._has_room(bindings, size):
                return False
            if bindings is None:
                bindings = self._destinations[dest_label] = {}
                self.destinations += 1
            bindings[key] = binding = Binding(dest_label, dest_prop, endp_label, due)
            self._deadlines.add(binding)
            self.bindings += 1
            self.size += size
            refreshed = False
        else:
            self._deadlines.move(binding, due)
            refreshed = True
        if self._observer is not None:
            self._observer.binding_saved(binding, refreshed)
        return True

    def _has_room(self, bindings: Sized | None, size: int) -> bool:
        """Whether one more binding of so many bytes can be added to a destination's."""
        settings = self.settings
        return (
            self.size + size <= settings.cache_size_limit
            and self.bindings < settings.binding_limit
            and (bindings is None or len(bindings) < settings.destination_binding_limit)
        )

    def find_dest(self, dest_label: bytes, is_good: IsGood | None = None) -> Found | None:
        """Remove the first session that a binding of the destination leads to, oldest binding first
        (scache_multi_find_dest); None where none does. The binding stays. is_good: as for find_endp.
        """
        bindings = self._destinations.get(dest_label)
        self.looked_through = 0 if bindings is None else len(bindings)
        if bindings is not None:
            endpoints, overdue = self._endpoints, self._deadlines.overdue
            for binding in bindings.values():
                if binding.endp_label not in endpoints and self._passed_over is None:
                    continue  # as most are, where there are many
                if binding.due <= overdue:
                    continue
                session = self._take(binding.endp_label, binding, is_good)
                if session is not None:
                    return Found((binding.prop, session.prop), session)
                if self._passed_over is not None:
                    self._passed_over(binding.endp_label)
        if self._observer is not None:
            overdue = self._deadlines.overdue
            if bindings is not None and all(binding.due <= overdue for binding in bindings.values()):
                bindings = {}
            self._observer.destination_missed(dest_label, bindings)
        return None

    def surplus(self, endpoint: Endpoint) -> Session | None:
        """The session that has to go where a bound is exceeded, now that the endpoint has got another: the
        oldest one of this endpoint, or of that which has most; of the oldest endpoint where each has one.
        """
        if endpoint.sessions > self.settings.endpoint_session_limit:
            return endpoint.oldest
        if 0 < self.settings.session_limit < self.sessions:
            return (self._crowds.largest() or next(iter(self._endpoints.values()))).oldest
        return None

    def drop(self, session: Session) -> None:
        """Take a session out before it is due; the caller closes its descriptor."""
        self._deadlines.cancel(session)
        self._drop_session(session)

    def expire(self, now: float, most: float = float("inf")) -> Iterator[Session]:
        """Drop what is due; yields the dropped sessions, whose descriptors the caller closes.

        No more than so many entries at a time: the others are left for the next call, and are only held.
        """
        for entry in self._deadlines.take_due(now, most):
            if isinstance(entry, Session):
                self._drop_session(entry)
                yield entry
            else:
                self._drop_binding(entry)

    def clear(self) -> Iterator[Session]:
        """Forget everything; yields the sessions, whose descriptors the caller closes."""
        self._observer = None  # Postfix, too, logs nothing of what it has left at its end
        return self.expire(float("inf"))

    def take_next(self, now: int) -> Binding | Session | None:
        """Take an entry out that isn't due, as the handover wants them: a destination's bindings in their
        order, then an endpoint's sessions in theirs; None once there is no more. What is saved or put back
        after the first call needn't be among them.
        """
        if self._to_pass_on is None:
            self._to_pass_on = self._all_entries()
        for entry in self._to_pass_on:
            if entry.due > now and entry.due > self._deadlines.overdue and entry in self._deadlines:
                self._deadlines.cancel(entry)
                if isinstance(entry, Binding):
                    self._unbind(entry)
                else:
                    self._unlink(entry)
                return entry
        return None

    def _all_entries(self) -> Iterator[Binding | Session]:
        # From copies: who looks for a dict's first entry passes all the places where there was one before.
        for bindings in list(self._destinations.values()):
            yield from list(bindings.values())
        for endpoint in list(self._endpoints.values()):
            yield from list(endpoint)

    def bindings_of(self, dest_label: bytes) -> Bindings:
        """The destination's bindings, oldest first."""
        return self._destinations.get(dest_label, {})

    def endpoint_of(self, endp_label: bytes) -> Endpoint | None:
        """The endpoint of this label, None where it has no session."""
        return self._endpoints.get(endp_label)

    def destination_labels(self) -> Iterable[bytes]:
        """Of all destinations with a binding."""
        return self._destinations.keys()

    def endpoint_labels(self) -> Iterable[bytes]:
        """Of all endpoints with a session."""
        return self._endpoints.keys()

    def serials(self) -> list[int]:
        """The serial numbers of all sessions."""
        found: list[int] = []
        sessions = [endpoint.oldest for endpoint in self._endpoints.values()]
        while sessions:  # the oldest of each endpoint, then the second ones, ...
            found += [session.serial for session in sessions if session is not None]
            sessions = [session.newer for session in sessions if session is not None]
        return found

    def _take(self, endp_label: bytes, binding: Binding | None, is_good: IsGood | None) -> Session | None:
        """Take sessions of the endpoint out, to which this binding has led, until one may be given: oldest or
        newest first.
        """
        endpoint = self._endpoints.get(endp_label)
        while endpoint is not None:
            session = endpoint.newest if self.settings.newest_first else endpoint.oldest
            if session is None:
                break
            if session.due <= self._deadlines.overdue:
                self._drop_session(session)  # it is closed when its turn comes, and nobody passes it twice
                continue
            self._unlink(session)
            self._deadlines.cancel(session)
            if self._observer is not None:
                self._observer.session_found(session, binding)
            if is_good is None or is_good(session, binding is not None):
                return session
        return None

    def _drop_session(self, session: Session) -> None:
        if not session.is_listed:
            return  # it was dropped before its turn to be closed
        self._unlink(session)
        if self._observer is not None:
            self._observer.session_dropped(session)

    def _drop_binding(self, binding: Binding) -> None:
        self._unbind(binding)
        if self._observer is not None:
            self._observer.binding_dropped(binding)

    def _endpoint(self, endp_label: bytes) -> Endpoint:
        endpoint = self._endpoints.get(endp_label)
        if endpoint is None:
            endpoint = self._endpoints[endp_label] = Endpoint(endp_label)
            self.endpoints += 1
        return endpoint

    def _due(self, now: int, ttl: int) -> int:
        """The second in which an entry is dropped that is saved now."""
        limit = self.settings.ttl_limit
        return now + (ttl if ttl < limit else limit)

    def _link(self, session: Session, older: Session | None) -> None:
        """Put a session into its endpoint's list, behind an older one, or at the head."""
        endpoint = session.endpoint
        newer = endpoint.oldest if older is None else older.newer
        session.older, session.newer = older, newer
        if older is None:
            endpoint.oldest = session
        else:
            older.newer = session
        if newer is None:
            endpoint.newest = session
        else:
            newer.older = session
        endpoint.sessions += 1
        if endpoint.sessions > 1:
            self._crowds.changed(endpoint, endpoint.sessions - 1)
        self.sessions += 1
        self.size += len(endpoint.label) + len(session.prop)
        self._deadlines.add(session)

    def _unlink(self, session: Session) -> None:
        endpoint, older, newer = session.endpoint, session.older, session.newer
        if older is None and newer is None:
            del self._endpoints[endpoint.label]
            self.endpoints -= 1
        if older is None:
            endpoint.oldest = newer
        else:
            older.newer = newer
        if newer is None:
            endpoint.newest = older
        else:
            newer.older = older
        session.older = session.newer = None  # no cycle is left for the garbage collector
        endpoint.sessions -= 1
        if endpoint.sessions:
            self._crowds.changed(endpoint, endpoint.sessions + 1)
        self.sessions -= 1
        self.size -= len(endpoint.label) + len(session.prop)

    def _unbind(self, binding: Binding) -> None:
        bindings = self._destinations[binding.dest_label]
        del bindings[binding.endp_label, binding.prop]
        self.bindings -= 1
        self.size -= len(binding.dest_label) + len(binding.prop) + len(binding.endp_label)
        if not bindings:
            del self._destinations[binding.dest_label]
            self.destinations -= 1
