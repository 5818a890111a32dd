"""A daemon hands over: two servers on one listening socket."""

from __future__ import annotations

import errno
import os
from typing import NoReturn

import pytest

from scache.config.settings import Settings
from scache.daemon.server import HANDOVER_TIME, Server
from scache.protocol.attributes import encode
from scache.protocol.dialect import POSTFIX_2
from scache.simulated import SimulatedNetwork, StreamSocket, socket_pair
from scache.simulated.clock import VirtualClock

SAVE = encode((b"request", b"save_endp"), (b"ttl", b"100"), (b"label", b"E"), (b"property", b"P"))
BIND = encode(
    (b"request", b"save_dest"), (b"ttl", b"100"), (b"label", b"D"), (b"property", b"P"), (b"label", b"E")
)
FIND = encode((b"request", b"find_dest"), (b"label", b"D"))


def refuse() -> NoReturn:
    raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))


class TwoDaemons:
    """One that has a session and its binding cached and is about to leave, and the next one, which starts
    when somebody has connected.
    """

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.log: list[str] = []
        self.network = SimulatedNetwork()
        self.leaving = self.server(self.network)
        self.network.listening.hold()
        self.client = self.network.connect()
        self.client.send(BIND)
        self.remote = self.save()

    def save(self) -> StreamSocket:
        """Have one more session cached; its other end."""
        self.turns(self.leaving)
        self.client.send(SAVE)
        self.turns(self.leaving)
        session, remote = socket_pair()
        self.client.send(b"\0", (session,))
        session.release()
        self.turns(self.leaving)
        self.client.receive(65536)
        return remote

    def passed_on(self) -> int:
        """How many sessions the next daemon has."""
        return len(self.next_network.table.files) - self.next.clients - 1

    def server(self, network: SimulatedNetwork) -> Server:
        settings = Settings(ttl_limit=100, dialect=POSTFIX_2, goodbye={b"": b"QUIT\r\n"})
        return Server(network, self.clock, settings, self.log.append)

    def turns(self, *servers: Server) -> None:
        for _ in range(20):
            for server in servers:
                if not server.stopped:
                    server.turn(0)

    def begin(self, *, descriptor_limit: int = 1000, most_clients: int = 1000) -> None:
        """The leaving one stops, the next one starts and finds it."""
        self.leaving.stop()
        self.leaving.leave_clients()
        self.network.listen_for_successor()
        network = SimulatedNetwork(listening=self.network.listening, descriptor_limit=descriptor_limit)
        self.next = self.server(network)
        predecessor = network.predecessor()
        assert predecessor is not None
        self.next.take_over(predecessor, most_clients)
        self.leaving.hand_over(self.network.await_successor())
        self.next_network = network

    def go_on(self) -> None:
        """Both do their part, until there is nothing to do."""
        for _ in range(1000):
            if not self.leaving.stopped:
                self.leaving.turn(0)
            self.next.turn(0)
        assert self.leaving.stopped

    def found(self) -> bytes:
        """What the next daemon answers to who asks for the destination."""
        client = self.network.connect()
        client.send(FIND)
        self.turns(self.next)
        return client.receive(65536)


HIT = encode((b"status", b"0"), (b"property", b"P"), (b"property", b"P"))


def test_the_next_daemon_has_what_the_one_before_it_had() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    daemons.go_on()
    assert daemons.found() == HIT
    assert not daemons.remote.input_ended


def test_clients_are_left_when_it_begins() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    assert daemons.client.input_ended


def test_a_socket_of_a_few_bytes_makes_it_slow_and_nothing_else() -> None:
    daemons = TwoDaemons()
    daemons.network.listening.capacity = 7
    daemons.begin()
    daemons.go_on()
    daemons.network.listening.capacity = 1000
    assert daemons.found() == HIT


def test_nobody_listens_again_when_the_pause_in_accepting_would_be_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    daemons = TwoDaemons()
    daemons.client.release()
    daemons.leaving.turn(0)
    with monkeypatch.context() as exhausted:
        exhausted.setattr(daemons.network, "accept", refuse)
        daemons.network.connect()
        daemons.leaving.turn(0)
    assert daemons.log == ["warning: accept connection: Too many open files in system"]
    daemons.network.listening.capacity = 7  # so that it has to wait for room
    daemons.begin()
    daemons.clock.advance(2)
    daemons.go_on()
    daemons.network.listening.capacity = 1000
    assert daemons.found() == HIT


def test_a_next_daemon_that_does_nothing_is_waited_for_some_seconds_and_the_rest_is_closed_politely() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    daemons.clock.advance(HANDOVER_TIME - 1)
    daemons.leaving.turn(0)
    assert not daemons.leaving.stopped
    daemons.clock.advance(1)
    daemons.leaving.turn(0)
    assert daemons.leaving.stopped
    daemons.leaving.close()
    assert daemons.remote.receive(100) == b"QUIT\r\n"
    assert daemons.remote.input_ended


def test_as_long_as_the_next_daemon_goes_on_it_may_take_its_time() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    daemons.next.turn(0)
    for _ in range(3):
        daemons.clock.advance(HANDOVER_TIME - 1)
        daemons.next.turn(0)
        daemons.leaving.turn(0)
    daemons.go_on()
    assert daemons.found() == HIT


def test_one_that_is_stopped_meanwhile_holds_nothing_any_more() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    daemons.leaving.turn(0)
    daemons.leaving.stop()
    daemons.leaving.close()
    assert daemons.leaving.clients == 0
    assert daemons.network.table.files == {}


@pytest.mark.parametrize(("most_clients", "arrived"), [(3, 21), (1000, 2)])
def test_newcomers_leave_room_for_the_sessions_that_are_passed_on(most_clients: int, arrived: int) -> None:
    daemons = TwoDaemons()
    for _ in range(20):
        daemons.save()
    newcomers = [daemons.network.connect() for _ in range(30)]
    daemons.begin(descriptor_limit=4 + 21 + 2 * 3, most_clients=most_clients)
    daemons.clock.advance(1)
    daemons.turns(daemons.next)
    daemons.go_on()
    assert daemons.passed_on() == arrived
    while newcomers:
        newcomers.pop().release()
        daemons.turns(daemons.next)
    assert daemons.next.clients == 0


def test_who_comes_meanwhile_finds_what_was_passed_on() -> None:
    daemons = TwoDaemons()
    daemons.begin()
    early = daemons.network.connect()
    early.send(FIND)
    daemons.turns(daemons.next)
    assert daemons.next.clients == 1  # the daemon before it
    daemons.go_on()
    assert early.receive(65536) == HIT


@pytest.mark.parametrize(("passed", "clients"), [(0, 1), (1, 6)])
def test_nobody_waits_longer_than_a_second_for_a_predecessor_to_be_done(passed: int, clients: int) -> None:
    daemons = TwoDaemons()
    daemons.begin()
    for _ in range(5):
        daemons.network.connect()
    daemons.clock.advance(passed)
    daemons.turns(daemons.next)
    assert daemons.next.clients == clients


def test_a_predecessor_that_does_nothing_has_room_kept_for_its_sessions_for_ten_minutes() -> None:
    daemons = TwoDaemons()
    daemons.begin(most_clients=3)
    for _ in range(5):
        daemons.network.connect()
    daemons.clock.advance(599)
    daemons.turns(daemons.next)
    assert daemons.next.clients == 3
    daemons.clock.advance(1)
    daemons.turns(daemons.next)
    assert daemons.next.clients == 6


def test_room_is_kept_whoever_leaves_while_the_predecessor_is_there() -> None:
    daemons = TwoDaemons()
    daemons.begin(most_clients=3)
    clients = [daemons.network.connect() for _ in range(5)]
    daemons.clock.advance(1)
    daemons.turns(daemons.next)
    for client in clients[:2]:
        client.release()
    daemons.turns(daemons.next)
    assert daemons.next.clients == 3  # the predecessor and two more


def test_who_comes_before_the_predecessor_takes_no_room_of_its_sessions() -> None:
    """The queue of the service is no way to the next daemon: it may be full at the reload."""
    daemons = TwoDaemons()
    daemons.network.listening.backlog = 0
    stranger = daemons.network.connect()
    daemons.begin(descriptor_limit=4 + 1 + 2, most_clients=1)
    daemons.turns(daemons.next)
    stranger.release()
    daemons.go_on()
    assert daemons.found() == HIT


def test_where_nobody_passes_anything_on_no_room_is_kept() -> None:
    assert SimulatedNetwork().predecessor() is None
