"""The daemon's network with the world looking on: each call is carried out, then written down."""

from __future__ import annotations

from collections.abc import Callable

from conformance.simulation.actors.client import Client
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.books import Books
from conformance.simulation.world.closing import check_closing
from scache.simulated import Listener, SimulatedNetwork, SimulatedStream, StreamSocket

__all__ = ["ObservedNetwork"]


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
            self._client.sent_to(len(data))
            self._books.happened[Situation.WRITE_BLOCKED] += 1
            raise
        except ConnectionError:
            self._client.sent_to(0)
            self._books.happened[Situation.GONE_AT_REPLY] += 1
            raise
        self._books.moved += 1
        self._client.sent_to(len(data) - sent)
        if self._client.unread:
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
            self._books.happened[Situation.NUMBER_TAKEN] += descriptor in self._network.stale
        if len(descriptors) not in (0, coming):
            raise Violation("truncation", f"{len(descriptors)} of {coming} descriptors of a message are used")
        if len(descriptors) < coming:
            self._books.happened[Situation.TRUNCATED] += 1
            if self._client.hands_over and len(self._books.ledger) <= self._network.room_kept:
                raise Violation("handover", "no descriptor is free for a session that is passed on")
        elif data and coming != 1:
            self._books.happened[Situation.SEVERAL_DESCRIPTORS if coming else Situation.NO_DESCRIPTOR] += 1
        self._client.descriptors_arrived(len(descriptors))
        return data, descriptors

    def send_descriptor(self, descriptor: int) -> None:
        self._booked()
        self._client.unterminated = 0  # what was read behind the dummy is lost, too
        try:
            super().send_descriptor(descriptor)
        except BlockingIOError:
            self._client.blocked = True
            self._books.happened[Situation.HAND_OVER_BLOCKED] += 1
            raise
        except ConnectionError:
            self._client.sent_to(0)
            self._books.happened[Situation.GONE_AT_HAND_OVER] += 1
            raise
        self._books.moved += 1
        self._client.blocked = False
        self._client.handed(self._books.ledger.handed_out(descriptor))

    def close(self) -> None:
        self._books.moved += 1
        check_closing(self._client, self._books, ending=self._network.ending)
        super().close()
        self._network.streams -= 1
        self._network.refused_at = None  # there is room again, and the daemon knows it

    def _booked(self) -> None:
        """The daemon works on this client now."""
        books = self._books
        books.client = self._client
        self._client.heard(books.elapsed, books.turn)


class _HandoverStream(SimulatedStream):
    """The connection of a daemon that hands over to the next one, which sees it as that client's."""

    __slots__ = ("_client", "_network", "_receive", "_send")

    def __init__(self, network: ObservedNetwork, socket: StreamSocket, client: Client) -> None:
        super().__init__(network.table, socket)
        self._network = network
        self._client = client
        self._receive, self.receive = self.receive, self._observe_receive
        self._send, self.send = self.send, self._observe_send

    def _observe_receive(self, limit: int) -> bytes:
        data = self._receive(limit)
        self._moved()
        return data

    def _observe_send(self, data: bytes) -> int:
        sent = self._send(data)
        self._moved()
        return sent

    def send_descriptor(self, descriptor: int) -> None:
        super().send_descriptor(descriptor)
        self._moved()
        self._network.books.ledger.handed_out(descriptor)

    def _moved(self) -> None:
        self._network.books.moved += 1
        self._network.heard_of_successor = self._network.books.elapsed

    def close(self) -> None:
        self._network.books.moved += 1
        self._network.streams -= 1
        self._client.gone = True
        super().close()


class ObservedNetwork(SimulatedNetwork):
    """The network of one life of the daemon. `clients` are those that wait to be accepted, by their end.
    as_client: makes one of the daemon before this one.
    """

    def __init__(
        self,
        listening: Listener,
        descriptor_limit: int,
        clients: dict[StreamSocket, Client],
        books: Books,
        as_client: Callable[[StreamSocket], Client],
    ) -> None:
        super().__init__(descriptor_limit=descriptor_limit, listening=listening)
        self.books = books
        self.clients = clients
        self._as_client = as_client
        self.streams = 0
        self.ending = False
        self.heard_of_successor = 0.0  # when something went to it or came from it
        self.room_kept = 0  # so many sessions, for as long as the daemon before this one passes them on
        self.alone_until = 0.0  # until then, the daemon before this one is to be the only client
        self.refused_at: float | None = None
        self.rotation = 0
        self._served: dict[int, Client] = {}  # by handle
        self._reported: set[int] = set()
        self.stale: set[int] = set()  # handles of this turn's report that were closed since
        books.served = self._served

    def accept(self) -> SimulatedStream:
        if self.streams >= self.books.settings.client_limit:
            raise Violation("bounds", f"another client is accepted beside {self.streams}")
        alone = any(client.hands_over for client in self._served.values())
        if alone and self.books.elapsed < self.alone_until:
            raise Violation("handover", "a client is let in before all that it may ask for is passed on")
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
        self._turn_to(handle)
        super().watch(handle, events)
        self.books.reported(self.table.file(handle))

    def change(self, handle: int, events: int) -> None:
        self._turn_to(handle)
        super().change(handle, events)

    def _turn_to(self, handle: int) -> None:
        if handle in self._served:
            self.books.client = self._served[handle]
            self.books.moved += 1

    def unwatch(self, handle: int) -> None:
        self._served.pop(handle, None)
        super().unwatch(handle)

    def wait(self, timeout: float | None) -> list[tuple[int, int]]:
        """Handles with events, in the order that the world wants."""
        reported = super().wait(timeout)
        if self.rotation and len(reported) > 1:
            first = self.rotation % len(reported)
            reported = reported[first:] + reported[:first]
        self._reported = {handle for handle, _events in reported}
        self.stale.clear()
        return reported

    def close(self, descriptor: int) -> None:
        if descriptor in self._interest:
            raise Violation("watch", f"descriptor {descriptor} is closed while it is watched")
        expired = self.books.closed(descriptor)
        super().close(descriptor)
        if descriptor in self._reported:
            self.stale.add(descriptor)
        if expired and self.refused_at is not None:
            self.refused_at = None  # likewise
            self.books.happened[Situation.ROOM_BY_EXPIRY] += 1

    def tell(self, descriptor: int, data: bytes) -> bool:
        told = super().tell(descriptor, data)
        if told:
            self.books.told_goodbye(descriptor)
        return told

    def _to_successor(self, socket: StreamSocket) -> SimulatedStream:
        client = self.books.successor = self.clients.pop(socket)
        self.streams += 1
        self.books.moved += 1
        return _HandoverStream(self, socket, client)

    def _to_predecessor(self, socket: StreamSocket) -> SimulatedStream:
        client = self.clients[socket.peer] = self._as_client(socket.peer)
        self.streams += 1
        return self._served_by(socket, client)

    def _stream(self, socket: StreamSocket) -> SimulatedStream:
        return self._served_by(socket, self.clients.pop(socket.peer))

    def _served_by(self, socket: StreamSocket, client: Client) -> SimulatedStream:
        client.accepted = True
        stream = ObservedStream(self, socket, client)
        self._served[stream.handle] = client
        return stream
