"""The bench's own model of the connection cache: two lists, searched from the front.

Written to be obviously right, not fast, and shares no code with scache/cache/. Times are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Binding", "ReferenceCache", "Session"]

Handle = TypeVar("Handle")


@dataclass(slots=True)
class Session(Generic[Handle]):
    """An endpoint's session; `handle` is whatever the caller saved."""

    endp_label: bytes
    endp_prop: bytes
    handle: Handle
    due: int
    registered: int
    age: int


@dataclass(slots=True)
class Binding:
    """A destination's binding to an endpoint."""

    dest_label: bytes
    dest_prop: bytes
    endp_label: bytes
    due: int
    registered: int


class ReferenceCache(Generic[Handle]):
    """What scache's cache must do (behaviour: scache_multi.c of Postfix; ttl_limit in seconds).

    newest_first and what `surplus` and `has_room` are given: this project's own, which Postfix doesn't have.
    """

    def __init__(self, ttl_limit: int, *, newest_first: bool = False) -> None:
        self.ttl_limit = ttl_limit
        self.newest_first = newest_first
        self.sessions: list[Session[Handle]] = []
        self.bindings: list[Binding] = []
        self._registrations = 0

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, handle: Handle) -> None:
        """Add a session; it never replaces another."""
        due = now + min(ttl, self.ttl_limit)
        age = self._register()
        self.sessions.append(Session(endp_label, endp_prop, handle, due, age, age))

    def find_endp(self, endp_label: bytes) -> Session[Handle] | None:
        """Remove the oldest session of the endpoint, or the newest."""
        for session in reversed(self.sessions) if self.newest_first else self.sessions:
            if session.endp_label == endp_label:
                self.sessions.remove(session)
                return session
        return None

    def put_back(self, now: int, session: Session[Handle]) -> bool:
        """Give a session that was found its place again, unless it has fallen due meanwhile."""
        if session.due <= now:
            return False
        session.registered = self._register()
        self.sessions.append(session)
        self.sessions.sort(key=lambda entry: entry.age)
        return True

    def surplus(self, endp_label: bytes, most: int, most_of_endpoint: int) -> list[Session[Handle]]:
        """Of these one has to go, now that the endpoint has got another; none where there is room."""
        crowds = {session.endp_label: 0 for session in self.sessions}
        for session in self.sessions:
            crowds[session.endp_label] += 1
        if crowds[endp_label] > most_of_endpoint:
            chosen = {endp_label}
        elif 0 < most < len(self.sessions):
            chosen = {label for label, number in crowds.items() if number == max(crowds.values())}
        else:
            return []
        return [next(entry for entry in self.sessions if entry.endp_label == label) for label in chosen]

    def size(self) -> int:
        """Bytes of all labels and properties."""
        sessions = sum(len(entry.endp_label) + len(entry.endp_prop) for entry in self.sessions)
        bindings = (entry.dest_label + entry.dest_prop + entry.endp_label for entry in self.bindings)
        return sessions + sum(map(len, bindings))

    def has_binding(self, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        """Whether a save_dest would only refresh one."""
        wanted = (dest_label, dest_prop, endp_label)
        return any((entry.dest_label, entry.dest_prop, entry.endp_label) == wanted for entry in self.bindings)

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> None:
        """Add a binding, or move the expiry of the same one, which keeps its place."""
        due = now + min(ttl, self.ttl_limit)
        for binding in self.bindings:
            if (binding.dest_label, binding.dest_prop, binding.endp_label) == (
                dest_label,
                dest_prop,
                endp_label,
            ):
                binding.due = due
                binding.registered = self._register()
                return
        self.bindings.append(Binding(dest_label, dest_prop, endp_label, due, self._register()))

    def find_dest(self, dest_label: bytes) -> tuple[bytes, Session[Handle]] | None:
        """Remove a session by the first binding that leads to one; it, and the destination's property."""
        for binding in self.bindings:
            if binding.dest_label == dest_label:
                session = self.find_endp(binding.endp_label)
                if session is not None:
                    return binding.dest_prop, session
        return None

    def expire(self, now: int) -> list[Handle]:
        """Drop what is due; the dropped sessions' handles, by due second, then by order of registration."""
        due = [session for session in self.sessions if session.due <= now]
        self.sessions = [session for session in self.sessions if session.due > now]
        self.bindings = [binding for binding in self.bindings if binding.due > now]
        return [session.handle for session in sorted(due, key=lambda entry: (entry.due, entry.registered))]

    def sizes(self) -> tuple[int, int, int]:
        """Destinations with a binding, endpoints with a session, sessions."""
        destinations = {binding.dest_label for binding in self.bindings}
        endpoints = {session.endp_label for session in self.sessions}
        return len(destinations), len(endpoints), len(self.sessions)

    def next_due(self) -> int | None:
        """The earliest second at which something falls due."""
        dues = [session.due for session in self.sessions] + [binding.due for binding in self.bindings]
        return min(dues, default=None)

    def _register(self) -> int:
        self._registrations += 1
        return self._registrations
