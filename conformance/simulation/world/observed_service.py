"""The daemon's service with the world looking on: every answer must be the model's."""

from __future__ import annotations

from select import EPOLLRDHUP
from typing import TYPE_CHECKING

from conformance.contract.wire import attribute_list
from conformance.reference.cache import Session
from conformance.simulation.actors.client import Client
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.books import Books
from scache.cache.service import Service
from scache.simulated import OpenFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scache.cache.entries import Binding, Found
    from scache.cache.entries import Session as CachedSession
    from scache.cache.interfaces import Sessions
    from scache.cache.observer import Observer
    from scache.config.settings import Settings

__all__ = ["ObservedService"]


class ObservedService(Service):
    """The daemon's service, held to the model: every answer must be the model's."""

    __slots__ = ("_books", "_found")

    def __init__(
        self,
        books: Books,
        settings: Settings,
        sessions: Sessions,
        bound_met: Callable[[str], None],
        observer: Observer | None,
    ) -> None:
        super().__init__(settings, sessions, bound_met, observer)
        self._books = books
        self._found: dict[Found, Session[OpenFile]] = {}  # the model's, of what was found and not yet sent

    def save_endp(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> bool:
        books = self._books
        books.serve(now, ("save_endp", ttl, endp_label, endp_prop))
        file = books.ledger.file(descriptor)
        self._client().saves(file)
        if not self._is_expected(
            books.session_refused(endp_label, endp_prop),
            lambda: self._save_session(now, ttl, endp_label, endp_prop, descriptor),
        ):
            return False
        if books.surplus:
            raise Violation("bounds", "there are too many sessions, and none was closed")
        books.saved(ttl)
        books.watches(file)
        books.recount.saved_session(books.model.sizes())
        return True

    def _save_session(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> bool:
        books, settings = self._books, self._books.settings
        if books.session_refused(endp_label, endp_prop) is None:
            file = books.ledger.saved(descriptor)
            books.model.save_endp(now, ttl, endp_label, endp_prop, file)
            books.labels.saved(file, endp_label, endp_prop)
            books.surplus = books.model.surplus(
                endp_label, settings.session_limit, settings.endpoint_session_limit
            )
        return super().save_endp(now, ttl, endp_label, endp_prop, descriptor)

    def _is_expected(self, refused: Situation | None, save: Callable[[], bool]) -> bool:
        """Whether there is room for what is saved; the daemon must think so, too."""
        saved = save()
        if saved != (refused is None):
            raise Violation("bounds", f"a save was carried out: {saved}, the model: {refused is None}")
        if refused is not None:
            self._books.happened[refused] += 1
            self._client().refused()
        self._answered(attribute_list((b"status", b"0" if saved else b"2")))
        return saved

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        books = self._books
        books.serve(now, ("save_dest", ttl, dest_label, dest_prop, endp_label))
        saved = super().save_dest
        if not self._is_expected(
            books.binding_refused(dest_label, dest_prop, endp_label),
            lambda: saved(now, ttl, dest_label, dest_prop, endp_label),
        ):
            return False
        books.model.save_dest(now, ttl, dest_label, dest_prop, endp_label)
        books.saved(ttl)
        books.recount.saved_binding(books.model.sizes())
        if (dest_label, dest_prop, endp_label) in books.bindings_gone:
            books.happened[Situation.SAVED_AGAIN_WHEN_DUE] += 1
        return True

    def find_endp(self, endp_label: bytes) -> Found | None:
        books = self._books
        books.serve(books.now, ("find_endp", endp_label))
        expected = books.model.find_endp(endp_label)
        while expected is not None and self._is_skipped(expected.handle):
            expected = books.model.find_endp(endp_label)
        found = super().find_endp(endp_label)
        if expected is None:
            self._check_miss(found)
            books.recount.address_miss += 1
            self._answered(attribute_list((b"status", b"2"), (b"property", b"")))
        else:
            self._check_hit(found, expected, (expected.endp_prop,), {endp_label})
            books.recount.address_hits += 1
            self._answered(attribute_list((b"status", b"0"), (b"property", expected.endp_prop)))
        return found

    def find_dest(self, dest_label: bytes) -> Found | None:
        books = self._books
        books.serve(books.now, ("find_dest", dest_label))
        bound = [entry.endp_label for entry in books.model.bindings if entry.dest_label == dest_label]
        expected = books.model.find_dest(dest_label)
        while expected is not None and self._is_skipped(expected[1].handle):
            expected = books.model.find_dest(dest_label)
        found = super().find_dest(dest_label)
        if expected is None:
            self._check_miss(found)
            books.recount.domain_miss += 1
            self._answered(attribute_list((b"status", b"2"), (b"property", b""), (b"property", b"")))
        else:
            dest_prop, session = expected
            self._check_hit(found, session, (dest_prop, session.endp_prop), bound)
            books.recount.domain_hits += 1
            if session.endp_label != bound[0]:
                books.happened[Situation.PASSED_OVER] += 1
            self._answered(
                attribute_list((b"status", b"0"), (b"property", dest_prop), (b"property", session.endp_prop))
            )
        return found

    def put_back(self, now: int, found: Found) -> bool:
        books = self._books
        session = self._found.pop(found)
        has_place = books.has_place(session.endp_label, session.endp_prop)
        books.happened[Situation.NO_PLACE] += books.settings.keep_unclaimed and not has_place
        expected = books.settings.keep_unclaimed and has_place and books.model.put_back(now, session)
        done = super().put_back(now, found)
        if done != expected:
            raise Violation("answers", f"a session was put back: {done}, the model: {expected}")
        if done:
            books.ledger.put_back(found.session.descriptor)
            books.watches(session.handle)
            books.queued(session.due)
            books.changed = True
            books.happened[Situation.PUT_BACK] += 1
        return done

    def take_next(self, now: int) -> Binding | CachedSession | None:
        entry = super().take_next(now)
        self._books.passes_on(now, entry)
        return entry

    def _is_skipped(self, file: OpenFile) -> bool:
        """Whether a session is passed over because its remote side has ended it."""
        books = self._books
        if books.ended_unseen(file):
            books.count_ended(file)
            books.happened[Situation.ENDED_UNSEEN] += 1
        elif not (books.settings.skip_closed and file.events() & EPOLLRDHUP):
            return False
        books.found(file)
        books.skipped.append(file)
        return True

    def _check_miss(self, found: Found | None) -> None:
        self._check_skipped()
        if found is not None:
            raise Violation("answers", f"found {found.properties!r}, the model nothing")

    def _check_hit(
        self,
        found: Found | None,
        expected: Session[OpenFile],
        properties: tuple[bytes, ...],
        endp_labels: Collection[bytes],
    ) -> None:
        self._check_skipped()
        if found is None:
            raise Violation("answers", f"found nothing, the model {properties!r}")
        newest_first = self._books.settings.newest_first and self._books.of_endpoint(expected.endp_label)
        self._books.happened[Situation.NEWEST_FIRST] += bool(newest_first)
        taken = self._books.ledger.taken(found.session.descriptor)
        self._books.found(taken)
        self._books.labels.found(taken, found.properties[-1], endp_labels)
        if found.properties != properties or taken is not expected.handle:
            which = "another" if taken is not expected.handle else "the same"
            raise Violation(
                "answers", f"found {found.properties!r} with {which} session, the model {properties!r}"
            )
        self._found[found] = expected
        self._client().promised = taken
        self._client().found(*properties, expected.endp_label)

    def _check_skipped(self) -> None:
        if self._books.skipped:
            raise Violation(
                "conservation", "a session that its remote side had closed was skipped, but not closed"
            )

    def _answered(self, reply: bytes) -> None:
        self._client().answer = reply

    def _client(self) -> Client:
        client = self._books.client
        assert client is not None, "Books.serve has checked it"
        return client
