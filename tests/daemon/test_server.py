"""The event loop on the simulated network: time moves only when told, nothing waits."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from scache.config.settings import Settings
from scache.daemon.server import Server
from scache.protocol.attributes import encode
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import DUMMY, POSTFIX_2
from scache.simulated import SimulatedNetwork, SimulatedStream
from scache.simulated.clock import VirtualClock
from scache.simulated.kernel import OpenFile, StreamSocket, socket_pair

OK = encode((b"status", b"0"))
MISS = encode((b"status", b"2"), (b"property", b""))


def hit(prop: bytes) -> bytes:
    return encode((b"status", b"0"), (b"property", prop))


def save_endp(label: bytes = b"E", prop: bytes = b"P", ttl: int = 2) -> bytes:
    return encode((b"request", b"save_endp"), (b"ttl", b"%d" % ttl), (b"label", label), (b"property", prop))


def find_endp(label: bytes = b"E") -> bytes:
    return encode((b"request", b"find_endp"), (b"label", label))


class World:
    def __init__(self, *, capacity: int = 65536, descriptor_limit: int = 1000, **settings: Any) -> None:
        self.network = SimulatedNetwork(capacity=capacity, descriptor_limit=descriptor_limit)
        self.clock = VirtualClock()
        self.log: list[str] = []
        self.server = Server(
            self.network, self.clock, Settings(dialect=POSTFIX_2, **settings), self.log.append
        )

    def turn(self, times: int = 6) -> None:
        for _ in range(times):
            if not self.server.stopped:
                self.server.turn(0)

    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.turn(1)

    def connect(self) -> StreamSocket:
        client = self.network.connect()
        self.turn()
        return client

    def exchange(self, client: StreamSocket, data: bytes, files: tuple[OpenFile, ...] = ()) -> bytes:
        client.send(data, files)
        self.turn()
        return received(client)

    def save(
        self, client: StreamSocket, label: bytes = b"E", ttl: int = 2, prop: bytes = b"P"
    ) -> StreamSocket:
        """Save one end of a pair; returns the other."""
        near, far = socket_pair()
        assert self.exchange(client, save_endp(label, prop, ttl)) == DUMMY
        assert self.exchange(client, b"\0", (far,)) == OK
        far.release()
        return near

    def find(self, client: StreamSocket, label: bytes = b"E") -> tuple[bytes, OpenFile]:
        """Find a session: the reply, and the other end of the session that came."""
        reply = self.exchange(client, find_endp(label))
        client.send(DUMMY)
        self.turn()
        _byte, (session,) = client.receive_message(1)
        client.send(DUMMY)
        self.turn()
        assert isinstance(session, StreamSocket)
        session.release()
        return reply, session.peer

    def reconfigure(self, **settings: Any) -> None:
        """As SIGHUP does."""
        self.server.reconfigure(Settings(dialect=POSTFIX_2, **settings))


def received(client: StreamSocket) -> bytes:
    data = b""
    while True:
        try:
            more, files = client.receive_message(65536)
        except BlockingIOError:
            return data
        for file in files:
            file.release()
        if not more:
            return data
        data += more


def test_a_client_stopped_in_a_message_keeps_nobody_waiting() -> None:
    world = World()
    stopped, other = world.connect(), world.connect()
    stopped.send(find_endp()[:20])
    assert [world.exchange(other, find_endp()) for _ in range(1000)] == [MISS] * 1000


@pytest.mark.parametrize("step", ["descriptor", "dummy"])
def test_a_client_that_owes_a_descriptor_or_a_dummy_keeps_nobody_waiting(step: str) -> None:
    world = World()
    stopped, other = world.connect(), world.connect()
    world.save(stopped)
    world.exchange(stopped, save_endp() if step == "descriptor" else find_endp())
    assert world.exchange(other, find_endp(b"X")) == MISS


def test_a_session_is_closed_in_its_due_second() -> None:
    world = World()
    near = world.save(world.connect())
    far_is_open = [not near.events() & 16]
    for _ in range(2):
        world.advance(1)
        far_is_open.append(not near.events() & 16)
    assert far_is_open == [True, True, False]


def test_many_due_sessions_are_closed_in_portions_between_which_others_are_served() -> None:
    world = World(ttl_limit=10)
    client, other = world.connect(), world.connect()
    sessions = [world.save(client) for _ in range(450)]
    world.clock.advance(2)
    other.send(find_endp())
    left = []
    for _ in range(3):
        assert world.server.timeout() == 0 or not left
        world.turn(1)
        left.append(sum(not session.events() & 16 for session in sessions))
    assert left == [450 - 201, 450 - 401, 0]
    assert received(other) == MISS
    assert world.server.timeout() > 0


def test_the_daemon_stops_when_no_client_has_been_connected_for_max_idle() -> None:
    world = World(max_idle=100)
    client = world.connect()
    world.advance(1000)
    assert not world.server.stopped
    client.release()
    world.turn()
    world.advance(99)
    assert not world.server.stopped
    world.advance(1)
    assert world.server.stopped


def test_max_idle_zero_never_stops_the_daemon() -> None:
    world = World(max_idle=0)
    world.advance(1_000_000)
    assert not world.server.stopped


def test_statistics_are_logged_at_each_interval_and_start_anew() -> None:
    world = World(max_idle=0)
    client = world.connect()
    world.exchange(client, find_endp())
    world.advance(599)
    assert world.log == []
    world.advance(1)
    assert world.log == [
        "statistics: start interval Jan 15 08:00:00",
        "statistics: address lookup hits=0 miss=1 success=0%",
    ]
    world.advance(600)
    assert len(world.log) == 2
    world.exchange(client, find_endp())
    world.server.close()
    assert world.log[2] == "statistics: start interval Jan 15 08:20:00"


def test_a_client_that_stops_reading_is_read_no_further_until_it_reads() -> None:
    world = World(capacity=4096)
    client = world.connect()
    prop = b"p" * 3000
    for _ in range(2):
        assert world.exchange(client, save_endp(prop=prop)) == DUMMY
        assert world.exchange(client, b"\0", (socket_pair()[1],)) == OK
    for message in (find_endp(), DUMMY, DUMMY, find_endp()):
        client.send(message)
        world.turn()
    hit = encode((b"status", b"0"), (b"property", prop))
    taken = 0
    while (free := 4096 - taken) and client.events() & 4:  # as long as the client may write
        taken += client.send(b"x" * min(free, 1000))
        world.turn()
    assert not client.events() & 4  # the second answer doesn't fit, so the daemon reads no further
    assert world.exchange(world.connect(), find_endp(b"X")) == MISS
    answers = received(client)
    world.turn()
    answers += received(client)
    assert answers == hit + b"\0" + hit


def test_a_reply_larger_than_the_socket_takes_arrives_whole() -> None:
    world = World(capacity=4096)
    client = world.connect()
    prop = bytes(range(1, 251)) * 80
    request = save_endp(prop=prop)
    for start in range(0, len(request), 2000):
        client.send(request[start : start + 2000])
        world.turn()
    assert received(client) == DUMMY
    assert world.exchange(client, b"\0", (socket_pair()[1],)) == OK
    answer = world.exchange(client, find_endp())
    for _ in range(20):
        world.turn()
        answer += received(client)
    assert answer == encode((b"status", b"0"), (b"property", prop))


def test_a_client_that_exceeds_ipc_timeout_inside_a_message_is_closed() -> None:
    world = World(ipc_timeout=3600)
    client, idle = world.connect(), world.connect()
    world.exchange(client, find_endp()[:-2])
    world.advance(3599)
    assert not client.events() & 16
    world.advance(1)
    assert received(client) == encode((b"status", b"1"), (b"property", b""))
    assert client.events() & 16
    assert world.exchange(idle, find_endp()) == MISS


def test_each_byte_starts_the_time_limit_anew() -> None:
    world = World(ipc_timeout=10, max_idle=0)
    client = world.connect()
    for byte in find_endp()[:-1]:
        assert world.exchange(client, bytes([byte])) == b""
        world.advance(9)
    assert world.exchange(client, b"\0") == MISS


def test_a_session_whose_client_goes_before_it_asks_for_it_is_closed() -> None:
    world = World()
    client = world.connect()
    near = world.save(client)
    world.exchange(client, find_endp())
    client.release()
    world.turn()
    assert near.events() & 16
    assert world.server.clients == 0


def test_used_up_descriptors_pause_accepting_and_lose_nothing() -> None:
    world = World(descriptor_limit=7)
    first = world.connect()
    near = world.save(first, ttl=2)
    second = world.connect()
    third = world.connect()
    assert world.log == ["warning: accept connection: Too many open files"]
    assert world.exchange(second, find_endp(b"X")) == MISS
    assert world.exchange(third, find_endp(b"X")) == b""
    world.advance(1)
    world.advance(1)
    assert near.events() & 16
    world.turn()
    world.advance(1)
    world.turn()
    assert received(third) == MISS


def test_a_client_that_leaves_lets_the_next_one_in_even_if_the_clock_has_gone_back() -> None:
    world = World(descriptor_limit=5)
    first, second = world.connect(), world.connect()
    assert world.log == ["warning: accept connection: Too many open files"]
    world.advance(-1000)
    first.release()
    world.turn()
    assert world.exchange(second, find_endp(b"X")) == MISS


def test_a_descriptor_for_which_there_is_no_room_is_refused() -> None:
    world = World(descriptor_limit=6)
    client = world.connect()
    assert world.exchange(client, save_endp()) == DUMMY
    assert world.exchange(client, b"\0", (socket_pair()[1],)) == OK
    assert world.exchange(client, save_endp()) == DUMMY
    answer = world.exchange(client, b"\0", (socket_pair()[1],))
    assert answer == encode((b"status", b"2"))
    assert world.exchange(client, find_endp(b"X")) == MISS


def test_a_timer_replaces_its_earlier_request() -> None:
    world = World(max_idle=0)
    calls: list[int] = []
    start = int(world.clock.now())
    world.server.call_after(5, calls.append)
    world.server.call_after(7, calls.append)
    world.advance(6)
    assert calls == []
    world.advance(1)
    world.advance(1)
    assert calls == [start + 7]


def test_a_session_that_cannot_be_sent_is_the_next_ones_and_its_finder_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    finder, other = world.connect(), world.connect()
    near = world.save(other)

    def too_many(_stream: SimulatedStream, _descriptor: int) -> None:
        raise OSError(errno.ETOOMANYREFS, "Too many references: cannot splice")

    with monkeypatch.context() as patched:
        patched.setattr(SimulatedStream, "send_descriptor", too_many)
        assert world.exchange(finder, find_endp()) == hit(b"P")
        world.exchange(finder, DUMMY)
    assert finder.input_ended
    assert world.log == [
        "warning: scache_find_endp_service: cannot send file descriptor: Too many references: cannot splice"
    ]
    assert world.find(other) == (hit(b"P"), near)


def test_closing_the_daemon_closes_every_session_and_client() -> None:
    world = World()
    client, asking = world.connect(), world.connect()
    ends = [world.save(client), world.save(client)]
    world.exchange(asking, find_endp())
    world.server.close()
    assert [end.events() & 16 for end in [*ends, client, asking]] == [16] * 4


def test_no_wait_is_longer_than_epoll_can_count() -> None:
    world = World(max_idle=365 * 86400, status_update_time=365 * 86400)
    assert world.server.timeout() == 86400


def test_a_client_that_the_end_of_the_daemon_interrupts_hears_nothing() -> None:
    world = World()
    client = world.connect()
    world.exchange(client, find_endp()[:-2])
    world.server.close()
    assert received(client) == b""
    assert client.events() & 16


def test_a_half_closed_client_that_never_reads_is_dropped_with_the_daemon() -> None:
    world = World(capacity=4096)
    client = world.connect()
    assert world.exchange(client, save_endp(prop=b"p" * 5000)[:4000]) == b""
    assert world.exchange(client, save_endp(prop=b"p" * 5000)[4000:]) == DUMMY
    assert world.exchange(client, b"\0", (socket_pair()[1],)) == OK
    client.send(find_endp())
    client.shutdown()
    world.turn()
    world.server.close()
    assert world.server.clients == 0
    assert world.log[-1].startswith("statistics: max")


def test_the_loop_sleeps_until_the_next_timer_and_no_longer() -> None:
    world = World(max_idle=100)
    assert world.server.timeout() == 100
    client = world.connect()
    assert world.server.timeout() == 600
    world.save(client)
    assert world.server.timeout() == 2
    world.clock.advance(0.25)
    world.turn()
    assert world.server.timeout() == 1.75


def test_a_client_that_leaves_gives_back_the_session_that_it_found_itself() -> None:
    world = World()
    world.reconfigure(keep_unclaimed=True)
    client = world.connect()
    first = world.save(client, b"A", prop=b"of A")
    assert world.find(client, b"A") == (hit(b"of A"), first)
    world.reconfigure(keep_unclaimed=False)
    second = world.save(client, b"B", prop=b"of B")
    leaving = world.connect()
    assert world.exchange(leaving, find_endp(b"B")) == hit(b"of B")
    world.reconfigure(keep_unclaimed=True)
    leaving.release()
    world.turn()
    assert world.exchange(client, find_endp(b"A")) == MISS
    assert world.find(client, b"B") == (hit(b"of B"), second)


def test_a_switch_that_is_turned_on_between_a_hit_and_the_clients_leaving_counts() -> None:
    world = World()
    client, leaving = world.connect(), world.connect()
    near = world.save(client)
    assert world.exchange(leaving, find_endp()) == hit(b"P")
    world.reconfigure(keep_unclaimed=True)
    leaving.release()
    world.turn()
    assert world.find(client) == (hit(b"P"), near)


def test_a_switch_that_is_turned_off_between_a_hit_and_the_clients_leaving_counts() -> None:
    world = World()
    world.reconfigure(keep_unclaimed=True)
    near = world.save(leaving := world.connect())
    assert world.exchange(leaving, find_endp()) == hit(b"P")
    world.reconfigure(keep_unclaimed=False)
    leaving.release()
    world.turn()
    assert near.events() & 16


@pytest.mark.parametrize("step", [-1000, 1000])
def test_setting_the_clock_neither_cuts_a_client_off_nor_lets_it_stay(step: int) -> None:
    world = World(ipc_timeout=10, max_idle=0)
    client = world.connect()
    world.exchange(client, find_endp()[:-2])
    world.clock.set(world.clock.now() + step)
    world.turn()
    world.advance(9)
    assert not client.events() & 16
    world.advance(1)
    assert client.events() & 16


def test_the_pause_in_accepting_is_no_longer_where_the_clock_is_set_back() -> None:
    world = World(descriptor_limit=5, max_idle=0)
    world.connect()
    waiting = world.connect()
    waiting.release()
    world.clock.set(world.clock.now() - 1000)
    assert world.server.timeout() == 0.1


def test_a_client_that_sends_junk_has_its_share_of_each_turn_and_others_have_theirs() -> None:
    world = World(max_idle=0, warning_limit=0)
    noisy, other = world.connect(), world.connect()
    noisy.send(b"\0" * 100 + find_endp())
    other.send(find_endp())
    world.turn(2)
    assert received(other) == MISS
    assert len(world.log) == 32
    world.turn(4)
    assert len(world.log) == 96
    world.turn(2)
    assert len(world.log) == 100
    assert received(noisy) == MISS


@pytest.mark.interpreted
def test_without_memory_the_client_that_is_served_is_closed_and_who_holds_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    holding, served, other = (world.connect() for _ in range(3))
    holding.send(find_endp(b"x" * 3000)[:2000])
    world.turn()
    receive = Conversation.receive

    def without_memory(conversation: Conversation, data: bytes, now: int) -> Any:
        if b"large" in data:
            raise MemoryError
        return receive(conversation, data, now)

    monkeypatch.setattr(Conversation, "receive", without_memory)
    served.send(find_endp(b"large"))
    world.turn()
    assert [client.input_ended for client in (holding, served, other)] == [True, True, False]
    assert world.log == ["warning: client closed: out of memory"]
    assert world.exchange(other, find_endp()) == MISS
    other.send(find_endp(b"x" * 3000)[:2000])  # more than three quarters of what was too much
    world.turn()
    assert other.input_ended


def test_without_memory_for_the_loop_itself_who_holds_most_is_closed_and_it_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(max_idle=0)
    little, much = world.connect(), world.connect()
    little.send(find_endp()[:20])
    much.send(find_endp(b"x" * 1000)[:900])
    world.turn()
    waits = iter([MemoryError(), None])

    def wait(_timeout: float | None) -> list[tuple[int, int]]:
        failure = next(waits)
        if failure is not None:
            raise failure
        world.server.stop()
        return []

    monkeypatch.setattr(world.network, "wait", wait)
    world.server.run()
    assert (little.input_ended, much.input_ended) == (False, True)
    assert world.log == ["warning: client closed: out of memory"]


def test_the_goodbye_is_heard_out_although_newcomers_knock(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(max_idle=0, client_limit=10, goodbye={b"": b"QUIT\r\n"})
    near = world.save(world.connect())
    world.network.connect()  # and isn't let in any more
    waits = world.network.wait
    looks = []

    def wait(_timeout: float | None) -> list[tuple[int, int]]:
        looks.append(near.input_ended)
        if len(looks) == 2:
            near.send(b"221 bye\r\n")
        return waits(0)

    monkeypatch.setattr(world.network, "wait", wait)
    world.server.close()
    assert len(looks) == 2
    assert near.events() & 16


def test_of_many_clients_that_send_junk_four_have_their_share_in_a_turn() -> None:
    world = World(max_idle=0, warning_limit=0)
    noisy = [world.connect() for _ in range(10)]
    for client in noisy:
        client.send(b"\0" * 40)
    logged = []
    for _ in range(8):
        world.turn(1)
        logged.append(len(world.log))
    assert logged == [160, 224, 288, 288 + 2 * 16 + 2 * 8, 368, 400, 400, 400]
    assert world.server.timeout() > 0


def test_of_many_clients_that_send_without_waiting_for_answers_four_are_served_in_a_turn() -> None:
    world = World(max_idle=0)
    greedy = [world.connect() for _ in range(20)]
    other = world.connect()
    request = find_endp(b"x" * 40)
    for client in greedy:
        client.send(request * (3 * 4096 // len(request)))
    served = []
    for _ in range(4):
        other.send(find_endp())
        world.turn(1)
        assert received(other) == MISS
        served.append(sum(received(client) == MISS for client in greedy))
    assert served == [20, 0, 4, 4]  # the first four are heard anew in the turn after they went on


def save_dest(dest: bytes, endpoint: bytes) -> bytes:
    return encode(
        (b"request", b"save_dest"), (b"ttl", b"2"), (b"label", dest), (b"property", b""), (b"label", endpoint)
    )


@pytest.mark.parametrize(("bindings", "served"), [(100, [20, 20, 20, 20]), (101, [20, 0, 4, 4])])
def test_of_many_clients_that_have_many_bindings_looked_through_four_are_served_in_a_turn(
    bindings: int, served: list[int]
) -> None:
    world = World(max_idle=0)
    other = world.connect()
    for number in range(bindings):
        assert world.exchange(other, save_dest(b"D", b"%d" % number)) == OK
    greedy = [world.connect() for _ in range(20)]
    request = encode((b"request", b"find_dest"), (b"label", b"D"))
    miss = encode((b"status", b"2"), (b"property", b""), (b"property", b""))
    for client in greedy:
        client.send(request)
    seen = []
    for _ in range(4):
        other.send(find_endp())
        world.turn(1)
        assert received(other) == MISS
        answered = [client for client in greedy if received(client) == miss]
        seen.append(len(answered))
        for client in answered:
            client.send(request)
    assert seen == served


def test_a_client_that_goes_while_its_junk_is_looked_through_is_done_with() -> None:
    world = World(max_idle=0, warning_limit=0)
    noisy = world.connect()
    noisy.send(b"\0" * 100)
    noisy.release()
    world.turn(12)
    assert len(world.log) == 100
    assert world.server.clients == 0


def test_the_daemon_can_end_while_junk_is_looked_through() -> None:
    world = World(max_idle=0, warning_limit=0)
    noisy = world.connect()
    noisy.send(b"\0" * 100)
    world.turn(1)
    world.server.close()
    assert noisy.events() & 16


def test_who_is_closed_for_too_long_a_message_no_longer_counts_among_those_who_hold_too_much() -> None:
    world = World(message_limit=5000, unfinished_limit=10_000, keep_unclaimed=True)
    client = world.connect()
    world.save(client)
    assert world.exchange(client, find_endp()) == hit(b"P")
    client.send(b"x" * 8192)  # where the dummy is due: the session goes back, and nothing is said of the rest
    world.turn()
    assert client.input_ended
    other = world.connect()  # has the number of the one that is gone
    world.connect().send(b"x" * 4096)
    world.turn()
    assert not other.input_ended
