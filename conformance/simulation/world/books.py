"""What the world knows of the daemon from watching its calls: the model cache, the ledger and the recount."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from select import EPOLLIN, EPOLLRDHUP
from typing import TYPE_CHECKING

from conformance.reference.cache import ReferenceCache, Session
from conformance.simulation.checks.labels import Labels
from conformance.simulation.checks.ledger import Ledger
from conformance.simulation.checks.recount import Recount
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from scache.cache.entries import Binding
from scache.cache.entries import Session as CachedSession
from scache.daemon.sessions import MOMENT
from scache.simulated import OpenFile, StreamSocket

if TYPE_CHECKING:
    from conformance.simulation.actors.client import Client
    from scache.config.settings import Settings

__all__ = ["Books"]


class Books:
    """Kept along with one life of the daemon. Times are whole seconds since the epoch; `elapsed`: seconds
    that have passed, whatever the clock was set to.

    settings: what the daemon goes by. happened: how often each rare situation came about.
    """

    def __init__(self, settings: Settings, happened: Counter[Situation]) -> None:
        self.settings = settings
        self.model: ReferenceCache[OpenFile] = ReferenceCache(
            settings.ttl_limit, newest_first=settings.newest_first
        )
        self.labels = Labels()
        self.ledger = Ledger(self._may_close)
        self.recount = Recount()
        self.happened = happened
        self.served: Mapping[int, Client] = {}  # the clients that are connected, by handle
        self.client: Client | None = None  # whose bytes the daemon is working on
        self.now = 0
        self.elapsed = 0.0
        self.turn = 0
        self.moved = 0  # grows with every call that reads, writes, accepts or closes
        self.changed = False  # whether the sizes may have changed in this turn
        self.bindings_gone: set[tuple[bytes, bytes, bytes]] = set()  # by expiry in this turn
        self.successor: Client | None = None  # while the daemon hands over: its connection to the next one
        self.passed_all = False
        self._most_held = 0, 0  # when the limits were set
        self._fresh: dict[OpenFile, float] = {}  # cached sessions that the daemon is to watch, since when
        self._watched: set[OpenFile] = set()  # those that it watches
        self._ended: list[OpenFile] = []  # of those: what their remote sides had ended when this turn began
        self._ending = False
        self._earliest: int | None = None
        self.skipped: list[OpenFile] = []  # to be closed by the find that is under way
        self.surplus: list[Session[OpenFile]] = []  # of these one is to be closed by the save under way
        self._due: list[OpenFile] = []
        self._closed: list[OpenFile] = []

    def reconfigure(self, settings: Settings) -> None:
        """The daemon goes by other settings from now on."""
        self.settings = settings
        self._most_held = self._held()
        self.model.ttl_limit = settings.ttl_limit
        self.model.newest_first = settings.newest_first

    def begin_turn(self, now: int, elapsed: float) -> None:
        """The daemon is about to look at the clock; what is due now must be gone before anybody is served."""
        self.now = now
        self.elapsed = elapsed
        self.turn += 1
        self.changed = False
        self._closed = []
        self._due = []
        self.bindings_gone = set()
        self._ended = [file for file in self._watched if self._has_ended(file)]
        if self._earliest is None or self._earliest > now:
            return
        gone = [binding for binding in self.model.bindings if binding.due <= now]
        self.bindings_gone = {(entry.dest_label, entry.dest_prop, entry.endp_label) for entry in gone}
        self._due = self.model.expire(now)
        self._earliest = self.model.next_due()
        self.changed = True
        if len(self._due) > 1:
            self.happened[Situation.SEVERAL_DUE] += 1
        if self._due and len(self.ledger) > self.ledger.cached:
            self.happened[Situation.DUE_WHILE_UNDER_WAY] += 1

    def begin_end(self) -> None:
        """The daemon is about to end: it closes all sessions, in an order of its own."""
        self._ending = True

    def closed(self, descriptor: int) -> bool:
        """The daemon closed a session's descriptor; whether because it was due."""
        closed_before = len(self._closed)
        file = self.ledger.closed(descriptor)
        if file is not None:
            self.labels.gone(file)
        if file in self.skipped:
            self.skipped.remove(file)
            self.happened[Situation.SKIPPED] += 1
        elif file is not None:
            self._left(file, told=False)
        return len(self._closed) > closed_before

    def told_goodbye(self, descriptor: int) -> None:
        """A session leaves the cache; it is closed when its remote side has answered, or had its time."""
        file = self.ledger.told_goodbye(descriptor)
        self.happened[Situation.GOODBYE] += 1
        self.labels.gone(file)
        self._left(file, told=True)

    def _left(self, file: OpenFile, *, told: bool) -> None:
        """A session has left the cache: it was due, or makes room, or its remote side has ended it."""
        ended = self._has_ended(file) and file not in self._due
        self.found(file)
        assert isinstance(file, StreamSocket), "clients of the world save nothing else"
        if self.settings.goodbye and file.peer.is_open and not told and not ended:
            raise Violation("good-bye", "a session is closed without the word that is to be said")
        for session in self.surplus:
            if session.handle is file:
                self.model.sessions.remove(session)
                self.surplus = []
                crowded = len(self.of_endpoint(session.endp_label)) >= self.settings.endpoint_session_limit
                self.happened[Situation.CROWDED_ENDPOINT if crowded else Situation.TOO_MANY_SESSIONS] += 1
                return
        if ended:
            self.model.sessions = [session for session in self.model.sessions if session.handle is not file]
            self.changed = True
            self.count_ended(file)
            self.happened[Situation.REMOTE_CLOSED_WATCHED] += 1
        else:
            self._closed.append(file)

    def of_endpoint(self, endp_label: bytes) -> list[Session[OpenFile]]:
        """The endpoint's sessions."""
        return [session for session in self.model.sessions if session.endp_label == endp_label]

    def session_refused(self, endp_label: bytes, endp_prop: bytes) -> Situation | None:
        """Why a session isn't to be saved; None where its label and property have room."""
        size = self.model.size() + len(endp_label) + len(endp_prop)
        return Situation.NO_ROOM_FOR_SESSION if size > self.settings.cache_size_limit else None

    def has_place(self, endp_label: bytes, endp_prop: bytes) -> bool:
        """Whether a session that was found can be put back within the bounds."""
        settings = self.settings
        full = 0 < settings.session_limit <= len(self.model.sessions)
        crowded = len(self.of_endpoint(endp_label)) >= settings.endpoint_session_limit
        return not full and not crowded and self.session_refused(endp_label, endp_prop) is None

    def binding_refused(self, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> Situation | None:
        """Why a binding isn't to be saved; None where there is one already, or room for another."""
        model, settings = self.model, self.settings
        if model.has_binding(dest_label, dest_prop, endp_label):
            return None
        of_destination = [entry for entry in model.bindings if entry.dest_label == dest_label]
        if len(model.bindings) >= settings.binding_limit:
            return Situation.TOO_MANY_BINDINGS
        if len(of_destination) >= settings.destination_binding_limit:
            return Situation.CROWDED_DESTINATION
        if model.size() + len(dest_label + dest_prop + endp_label) > settings.cache_size_limit:
            return Situation.NO_ROOM_FOR_BINDING
        return None

    def expiry_is_complete(self) -> None:
        """All that was due has been closed, in the order in which it fell due."""
        if self._closed is not self._due and self._closed != self._due:
            order = ", but in another order" if set(self._closed) == set(self._due) else ""
            raise Violation(
                "expiry", f"{len(self._due)} sessions were due, {len(self._closed)} were closed{order}"
            )

    def end_turn(self, *, stopped: bool) -> None:
        """A turn is over, perhaps before anybody was looked at, because the daemon has stopped."""
        self.expiry_is_complete()
        self.ledger.settled()
        unfinished, unread = self._held()
        most_unfinished, most_unread = self._most_held  # less is not asked for while nothing more comes
        if unfinished > max(self.settings.unfinished_limit, most_unfinished):
            raise Violation("bounds", f"{unfinished} bytes of messages are held")
        if unread > max(self.settings.unread_limit, most_unread):
            raise Violation("bounds", f"{unread} bytes of answers are held")
        if not stopped and not self._watched.isdisjoint(self._ended):
            raise Violation("watch", "a watched session that its remote side has ended is still cached")
        if not stopped and any(since + MOMENT <= self.elapsed for since in self._fresh.values()):
            raise Violation("watch", "a session isn't watched a moment after it was saved")
        if self.ledger.cached != len(self.model.sessions):
            raise Violation(
                "sizes",
                f"{self.ledger.cached} descriptors are cached, the model has {len(self.model.sessions)}",
            )
        self.client = None

    def serve(self, now: int, request: tuple[object, ...]) -> None:
        """The daemon carries a request out, for the client whose bytes came last."""
        self.expiry_is_complete()
        if now != self.now:
            raise Violation("time", f"{request!r} is carried out at {now}, in a turn at {self.now}")
        if self.client is None:
            raise Violation("attribution", f"{request!r} is carried out though no client sent anything")
        self.changed = True
        self.client.carried_out(request)

    def saved(self, ttl: int) -> None:
        """Something was saved with that time to live."""
        self.queued(self.now + min(ttl, self.model.ttl_limit))

    def queued(self, due: int) -> None:
        """Something falls due in that second."""
        if self._earliest is None or due < self._earliest:
            self._earliest = due

    def watches(self, file: OpenFile) -> None:
        """A session is in the cache now."""
        if self.settings.watch:
            self._fresh[file] = self.elapsed
            self._ended = [other for other in self._ended if other is not file]

    def reported(self, file: OpenFile) -> None:
        """The daemon is told from now on what becomes of this one."""
        if self._fresh.pop(file, None) is not None:
            self._watched.add(file)

    def found(self, file: OpenFile) -> None:
        """A session has been found, and is watched no more."""
        self._fresh.pop(file, None)
        self._watched.discard(file)

    def ended_unseen(self, file: OpenFile) -> bool:
        """Whether the remote side has ended a session that is to be watched, and the daemon isn't told."""
        return file in self._fresh and bool(file.events() & EPOLLIN)

    def count_ended(self, file: OpenFile) -> None:
        """A session leaves the cache because its remote side has ended it."""
        if file.events() & EPOLLRDHUP:
            self.recount.closed += 1
        else:
            self.recount.spoke += 1

    def passes_on(self, now: int, entry: Binding | CachedSession | None) -> None:
        """The daemon takes an entry out of its cache for the next one, which must be what is due next to be
        passed: of each destination and endpoint the oldest that hasn't fallen due; None once all are gone.
        """
        bindings = [bound for bound in self.model.bindings if bound.due > now]
        sessions = [session for session in self.model.sessions if session.due > now]
        self.changed = True
        if entry is None:
            self.passed_all = True
            if bindings or sessions:
                raise Violation("handover", f"{len(bindings)} bindings, {len(sessions)} sessions stay behind")
        elif isinstance(entry, Binding):
            bound = next(other for other in bindings if other.dest_label == entry.dest_label)
            if (entry.prop, entry.endp_label, entry.due) != (bound.dest_prop, bound.endp_label, bound.due):
                raise Violation("handover", f"{entry.dest_label!r} loses a binding before {bound}")
            self.model.bindings.remove(bound)
            left = bound.due - now
            self._pass_on(("save_dest", left, bound.dest_label, bound.dest_prop, bound.endp_label), None)
        else:
            file = self.ledger.taken(entry.descriptor)
            label = entry.endpoint.label
            session = next(other for other in sessions if other.endp_label == label)
            if (file, entry.prop, entry.due) != (session.handle, session.endp_prop, session.due):
                raise Violation("handover", f"{label!r} loses a session before {session}")
            self.model.sessions.remove(session)
            self.found(file)
            self.labels.gone(file)
            self._pass_on(("save_endp", session.due - now, label, session.endp_prop), file)

    def _pass_on(self, request: tuple[object, ...], file: OpenFile | None) -> None:
        assert self.successor is not None, "the connection is there before anything is taken for it"
        self.successor.pass_on(request, file)

    def _held(self) -> tuple[int, int]:
        """How many bytes of messages and of answers the daemon holds for all clients, at least."""
        clients = self.served.values()
        return sum(client.unfinished for client in clients), sum(client.unread for client in clients)

    def most_unfinished(self) -> list[int]:
        """Of each client, how many bytes of an unfinished message or request the daemon holds, at most."""
        return [client.may_be_unfinished for client in self.served.values()]

    def most_unread(self) -> list[int]:
        """Of each client, how many bytes of answers the daemon holds, at most."""
        return [client.may_be_unread for client in self.served.values()]

    def earliest_due(self) -> float:
        """The second at which the next session or binding may fall due, or infinity."""
        return math.inf if self._earliest is None else self._earliest

    def _has_ended(self, file: OpenFile) -> bool:
        """Whether a session is watched, and its remote side has closed it or said something."""
        return file in self._watched and bool(file.events() & EPOLLIN)

    def _may_close(self, file: OpenFile) -> bool:
        room = any(session.handle is file for session in self.surplus)
        gone = file in self._due or file in self.skipped or self._has_ended(file)
        return room or self._ending or gone
