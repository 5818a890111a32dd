"""The daemon's network and service with the world looking on: each call is carried out, then written down."""

from __future__ import annotations

from select import EPOLLRDHUP
from typing import TYPE_CHECKING

from conformance.contract.wire import attribute_list
from conformance.reference.cache import Session
from conformance.simulation.actors.client import Client
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.books import Books
from conformance.simulation.world.situation import Situation
from scache.cache.service import Service
from scache.simulated import Listener, OpenFile, SimulatedNetwork, SimulatedStream, StreamSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from scache.cache.entries import Found
    from scache.cache.observer import Observer
    from scache.config.settings import Settings
    from scache.daemon.interfaces import Sessions

__all__ = ["ObservedNetwork", "ObservedService", "ObservedStream"]


class ObservedStream(SimulatedStream):
    """A connection whose traffic is booked to its client."""

    __slots__ = ("_books", "_client", "_network", "_receive", "_send")

    def __init__(self, network: ObservedNetwork, socket: StreamSocket, client: Client) -> None:
        super().__init__(network.table, socket)
        self._network = network
        self._books = network.books
        self._client = client
        self._receive, self.receive = self.receive, self._observe_receive
        self._send, self.send = self.send, self._observe_send

    def _observe_receive(self, limit: int) -> bytes:
        self._booked()
        data = self._receive(limit)
        self._books.moved += 1
        self._client.consumed(data)
        return data

    def _observe_send(self, data: bytes) -> int:
        if self._network.ending:
            raise Violation("ending", f"client {self._client.number} is sent {data!r} while the daemon ends")
        self._booked()
        try:
            sent = self._send(data)
        except BlockingIOError:
            self._client.blocked = True
            self._books.happened[Situation.WRITE_BLOCKED] += 1
            raise
        except ConnectionError:
            self._client.blocked = False
            self._books.happened[Situation.GONE_AT_REPLY] += 1
            raise
        self._books.moved += 1
        self._client.blocked = sent < len(data)
        if self._client.blocked:
            self._books.happened[Situation.WRITE_PARTIAL] += 1
        return sent

    def receive_descriptors(self) -> tuple[bytes, list[int]]:
        self._booked()
        coming = len(self._socket.incoming[0][1]) if self._socket.incoming else 0
        data, descriptors = super().receive_descriptors()
        self._books.moved += 1
        self._client.consumed(data)
        for descriptor in descriptors:
            self._books.ledger.received(descriptor, self._table.file(descriptor))
        if len(descriptors) not in (0, coming):
            raise Violation("truncation", f"{len(descriptors)} of {coming} descriptors of a message are used")
        if len(descriptors) < coming:
            self._books.happened[Situation.TRUNCATED] += 1
        elif data and coming != 1:
            self._books.happened[Situation.SEVERAL_DESCRIPTORS if coming else Situation.NO_DESCRIPTOR] += 1
        self._client.descriptors_arrived(len(descriptors))
        return data, descriptors

    def send_descriptor(self, descriptor: int) -> None:
        self._booked()
        try:
            super().send_descriptor(descriptor)
        except BlockingIOError:
            self._client.blocked = True
            self._books.happened[Situation.HAND_OVER_BLOCKED] += 1
            raise
        except ConnectionError:
            self._client.blocked = False
            self._books.happened[Situation.GONE_AT_HAND_OVER] += 1
            raise
        self._books.moved += 1
        self._client.blocked = False
        self._client.handed(self._books.ledger.handed_out(descriptor))

    def close(self) -> None:
        self._books.moved += 1
        self._client.closed_by_daemon(self._books, ending=self._network.ending)
        super().close()
        self._network.streams -= 1
        self._network.refused_at = None  # there is room again, and the daemon knows it

    def _booked(self) -> None:
        """The daemon works on this client now."""
        books = self._books
        books.client = self._client
        self._client.heard(books.elapsed, books.turn)


class ObservedNetwork(SimulatedNetwork):
    """The network of one life of the daemon. `clients` are those that wait to be accepted, by their end."""

    def __init__(
        self,
        listening: Listener,
        descriptor_limit: int,
        clients: dict[StreamSocket, Client],
        books: Books,
    ) -> None:
        super().__init__(descriptor_limit=descriptor_limit, listening=listening)
        self.books = books
        self.clients = clients
        self.streams = 0
        self.ending = False
        self.refused_at: float | None = None
        self.rotation = 0
        self._served: dict[int, Client] = {}  # by handle

    def accept(self) -> SimulatedStream:
        try:
            stream = super().accept()
        except BlockingIOError:
            raise
        except OSError:
            self.refused_at = self.books.elapsed
            self.books.happened[Situation.ACCEPT_REFUSED] += 1
            raise
        self.refused_at = None
        self.streams += 1
        self.books.moved += 1
        return stream

    def watch(self, handle: int, events: int) -> None:
        """The daemon turns to a client; what it does for it then may need no byte of it."""
        if handle in self._served:
            self.books.client = self._served[handle]
            self.books.moved += 1
        super().watch(handle, events)

    def unwatch(self, handle: int) -> None:
        self._served.pop(handle, None)
        super().unwatch(handle)

    def wait(self, timeout: float | None) -> list[tuple[int, int]]:
        """Handles with events, in the order that the world wants."""
        reported = super().wait(timeout)
        if self.rotation and len(reported) > 1:
            first = self.rotation % len(reported)
            reported = reported[first:] + reported[:first]
        return reported

    def close(self, descriptor: int) -> None:
        expired = self.books.closed(descriptor)
        super().close(descriptor)
        if expired and self.refused_at is not None:
            self.refused_at = None  # likewise
            self.books.happened[Situation.ROOM_BY_EXPIRY] += 1

    def tell(self, descriptor: int, data: bytes) -> bool:
        told = super().tell(descriptor, data)
        if told:
            self.books.told_goodbye(descriptor)
        return told

    def _stream(self, socket: StreamSocket) -> SimulatedStream:
        client = self.clients.pop(socket.peer)
        client.accepted = True
        stream = ObservedStream(self, socket, client)
        self._served[stream.handle] = client
        return stream


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
        if not self._is_expected(
            books.room_for_session(endp_label, endp_prop),
            lambda: self._save_session(now, ttl, endp_label, endp_prop, descriptor),
        ):
            return False
        if books.surplus:
            raise Violation("bounds", "there are too many sessions, and none was closed")
        books.saved(ttl)
        books.recount.saved_session(books.model.sizes())
        return True

    def _save_session(self, now: int, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> bool:
        books, settings = self._books, self._books.settings
        if books.room_for_session(endp_label, endp_prop):
            file = books.ledger.saved(descriptor)
            books.model.save_endp(now, ttl, endp_label, endp_prop, file)
            books.labels.saved(file, endp_label, endp_prop)
            books.surplus = books.model.surplus(
                endp_label, settings.session_limit, settings.endpoint_session_limit
            )
        return super().save_endp(now, ttl, endp_label, endp_prop, descriptor)

    def _is_expected(self, expected: bool, save: Callable[[], bool]) -> bool:
        """Whether there is room for what is saved; the daemon must think so, too."""
        saved = save()
        if saved != expected:
            raise Violation("bounds", f"a save was carried out: {saved}, the model: {expected}")
        if not saved:
            self._books.happened[Situation.NO_ROOM] += 1
        self._answered(attribute_list((b"status", b"0" if saved else b"2")))
        return saved

    def save_dest(self, now: int, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        books = self._books
        books.serve(now, ("save_dest", ttl, dest_label, dest_prop, endp_label))
        saved = super().save_dest
        if not self._is_expected(
            books.room_for_binding(dest_label, dest_prop, endp_label),
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
        expected = books.settings.keep_unclaimed and books.model.put_back(now, session)
        done = super().put_back(now, found)
        if done != expected:
            raise Violation("answers", f"a session was put back: {done}, the model: {expected}")
        if done:
            books.ledger.put_back(found.session.descriptor)
            books.queued(session.due)
            books.changed = True
            books.happened[Situation.PUT_BACK] += 1
        return done

    def _is_skipped(self, file: OpenFile) -> bool:
        """Whether a session is passed over because its remote side has closed it."""
        if not self._books.settings.skip_closed:
            return False
        if file.events() & EPOLLRDHUP:
            self._books.skipped.append(file)
            return True
        return False

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
        taken = self._books.ledger.taken(found.session.descriptor)
        self._books.labels.found(taken, found.properties[-1], endp_labels)
        if found.properties != properties or taken is not expected.handle:
            which = "another" if taken is not expected.handle else "the same"
            raise Violation(
                "answers", f"found {found.properties!r} with {which} session, the model {properties!r}"
            )
        self._found[found] = expected
        self._client().promised = taken

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
