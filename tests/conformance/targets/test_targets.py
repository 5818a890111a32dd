"""What every target promises, whatever it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from conformance.contract.target import BlockedError, Daemon, Received, RestlessError, Target
from conformance.targets import parse_target
from conformance.targets.spawned import SpawnedDaemon
from scache.errors import UnavailableError
from scache.protocol.dialect import ANNOUNCEMENT, DUMMY
from tests.support.descriptors import open_descriptors

SPAWNED = ["live", pytest.param("postfix", marks=pytest.mark.postfix)]
OURS = ["reference", "simulated", "live"]
ALL = ["reference", "simulated", *SPAWNED]

SAVE_E = b"request\0save_endp\0ttl\x002\0label\0E\0property\0P\0\0"
FIND_E = b"request\0find_endp\0label\0E\0\0"
SAVE_D = b"request\0save_dest\0ttl\x002\0label\0D\0property\0DP\0label\0E\0\0"
OK = b"status\x000\0\0"
HIT = b"status\x000\0property\0P\0\0"
MISS = b"status\x002\0property\0\0\0"


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    return parse_target(request.param)


@pytest.fixture
def daemon(target: Target) -> Iterator[Daemon]:
    running = target.start()
    yield running
    running.stop()


def save(daemon: Daemon, token: str) -> None:
    """Save a session under endpoint E by a client of its own, which then leaves."""
    peer = daemon.connect()
    assert peer.receive() == Received(ANNOUNCEMENT)
    peer.send(SAVE_E)  # >>
    assert peer.receive() == Received(DUMMY)  # <<
    peer.send(b"\0", [token])  # >>
    assert peer.receive() == Received(OK)  # <<
    peer.close()


def find(daemon: Daemon) -> tuple[str, ...]:
    """Look for a session of endpoint E by a client of its own."""
    peer = daemon.connect()
    peer.receive()
    peer.send(FIND_E)  # >>
    reply = peer.receive()  # <<
    if reply.data == MISS:
        peer.close()
        return ()
    assert reply == Received(HIT)
    peer.send(DUMMY)  # >>
    found = peer.receive()  # <<
    assert found.data == b"\0"
    peer.send(DUMMY)  # >>
    assert peer.receive() == Received()
    peer.close()
    return found.tokens


@pytest.mark.parametrize("target", ALL, indirect=True)
class TestEveryTarget:
    def test_a_session_that_comes_back_is_reported_by_its_token(self, daemon: Daemon) -> None:
        save(daemon, "A")
        save(daemon, "B")
        assert find(daemon) == ("A",)
        assert find(daemon) == ("B",)
        assert find(daemon) == ()

    def test_a_session_is_open_while_it_is_on_its_way_or_cached(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.send(SAVE_E)
        peer.receive()
        peer.send(b"\0", ["A"])
        assert daemon.is_open("A")
        assert find(daemon) == ("A",)
        assert not daemon.is_open("A")

    def test_a_session_whose_remote_side_hung_up_is_still_the_same(self, daemon: Daemon) -> None:
        save(daemon, "A")
        daemon.hang_up("A")
        assert daemon.is_open("A")
        assert find(daemon) == ("A",)
        assert not daemon.is_open("A")

    def test_several_descriptors_in_one_message_are_refused(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.send(SAVE_E)
        peer.receive()
        peer.send(b"\0", ["A", "B"])
        assert peer.receive() == Received(b"status\x002\0\0")

    def test_time_stands_still_until_it_is_moved(self, daemon: Daemon) -> None:
        save(daemon, "A")
        daemon.advance(1)
        assert daemon.is_open("A")
        daemon.advance(1)
        assert not daemon.is_open("A")

    def test_moving_the_clock_runs_the_timers_that_are_due(self, daemon: Daemon) -> None:
        assert find(daemon) == ()
        daemon.advance(599)
        assert daemon.log() == []
        daemon.advance(1)
        assert daemon.log() == [
            "statistics: start interval Jan 15 08:00:00",
            "statistics: address lookup hits=0 miss=1 success=0%",
        ]

    def test_log_texts_come_without_time_host_and_tag(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.send(b"request\0who\0\0")
        assert daemon.log() == ['warning: unrecognized request: "who", ignored']
        assert daemon.log() == []

    def test_a_value_larger_than_any_buffer_goes_both_ways(self, daemon: Daemon) -> None:
        large = b"x" * 400_000
        peer = daemon.connect()
        peer.receive()
        peer.send(b"request\0save_endp\0ttl\x002\0label\0E\0property\0" + large + b"\0\0")
        assert peer.receive() == Received(DUMMY)
        peer.send(b"\0", ["A"])
        assert peer.receive() == Received(OK)
        peer.send(FIND_E)
        assert peer.receive() == Received(b"status\x000\0property\0" + large + b"\0\0")

    def test_a_half_closed_client_gets_its_reply_and_the_end(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.receive()
        peer.send(FIND_E)
        peer.shutdown()
        assert peer.receive() == Received(MISS, end=True)

    def test_losing_the_master_ends_the_daemon_and_all_that_it_holds(self, daemon: Daemon) -> None:
        save(daemon, "A")
        peer = daemon.connect()
        peer.receive()
        assert daemon.exit_status() is None
        daemon.lose_master()
        assert daemon.exit_status() == 0
        assert peer.receive() == Received(end=True)
        assert not daemon.is_open("A")
        assert daemon.log()[-1] == "statistics: max simultaneous domains=0 addresses=1 connection=1"

    def test_sigterm_ends_the_daemon(self, daemon: Daemon) -> None:
        daemon.terminate()
        assert daemon.exit_status() in (0, -15)

    def test_without_clients_it_ends_after_max_idle(self, target: Target) -> None:
        daemon = target.start({"max_idle": "100s"})
        daemon.advance(99)
        assert daemon.exit_status() is None
        daemon.advance(1)
        assert daemon.exit_status() == 0
        daemon.stop()

    def test_a_daemon_may_be_stopped_twice(self, target: Target) -> None:
        daemon = target.start()
        daemon.connect()
        daemon.stop()
        daemon.stop()

    def test_bytes_for_a_daemon_that_has_ended_are_lost(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.receive()
        daemon.terminate()
        peer.send(FIND_E)
        assert peer.receive() == Received(end=True)

    def test_a_descriptor_needs_a_byte_to_ride_on(self, daemon: Daemon) -> None:
        with pytest.raises(ValueError, match="rides on a byte"):
            daemon.connect().send(b"", ["A"])


@pytest.mark.parametrize("target", OURS, indirect=True)
def test_ours_speaks_every_dialect(target: Target) -> None:
    daemon = target.start({"scache_announce": "no", "scache_write_wait": "no", "scache_read_wait": "no"})
    spoken = daemon.dialect
    assert (spoken.announcement, spoken.write_wait, spoken.read_wait) == (False, False, False)
    peer = daemon.connect()
    assert peer.receive() == Received()
    peer.send(SAVE_E)  # >>
    peer.send(b"\0", ["A"])  # >>
    assert peer.receive() == Received(OK)  # <<
    peer.send(FIND_E)  # >>
    assert peer.receive() == Received(HIT + b"\0", ("A",))  # <<
    daemon.stop()


@pytest.mark.postfix
def test_the_dialect_of_the_real_daemon_is_compiled_in() -> None:
    with pytest.raises(UnavailableError, match="compiled in"):
        parse_target("postfix").start({"scache_announce": "no"})


@pytest.mark.parametrize("name", ["reference", "simulated"])
@pytest.mark.parametrize("options", [{"max_idle": "0"}, {"max_idle": "soon"}, {"mail_owner": "nobody"}])
def test_without_a_configuration_file_no_value_can_be_refused(name: str, options: dict[str, str]) -> None:
    with pytest.raises(UnavailableError):
        parse_target(name).start(options)


@pytest.mark.parametrize("target", SPAWNED, indirect=True)
class TestSpawned:
    def test_a_daemon_that_refuses_to_start_has_a_status_and_a_log(self, target: Target) -> None:
        daemon = target.start({"max_idle": "12x"})
        assert daemon.exit_status() == 1
        assert daemon.log() == ["fatal: parameter max_idle: bad time value or unit: 12x"]
        daemon.stop()

    def test_nothing_is_left_behind(self, target: Target) -> None:
        descriptors = open_descriptors()
        daemon = target.start()
        assert isinstance(daemon, SpawnedDaemon)
        base, mark = daemon.path.parents[2], f"_{daemon.pid}"
        save(daemon, "A")
        assert base.exists()
        daemon.stop()
        assert not base.exists()
        assert not [name for name in os.listdir("/dev/shm") if name.endswith(mark)]
        assert len(open_descriptors()) == len(descriptors)

    def test_at_rest_means_that_every_reply_is_there(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.receive()
        for _ in range(300):
            peer.send(SAVE_D)
            assert peer.receive() == Received(OK)
            peer.send(b"request\0")
            assert peer.receive() == Received()
            peer.send(b"find_endp\0label\0E\0\0")
            assert peer.receive() == Received(MISS)

    def test_more_requests_than_an_undrained_status_channel_allows(self, daemon: Daemon) -> None:
        peer = daemon.connect()
        peer.receive()
        for _ in range(500):
            peer.send(FIND_E)
            assert peer.receive() == Received(MISS)


@pytest.mark.postfix
class TestRealDaemon:
    @pytest.fixture
    def daemon(self) -> Iterator[Daemon]:
        running = parse_target("postfix").start({"ipc_timeout": "1s"})
        yield running
        running.stop()

    def test_it_is_at_rest_while_it_waits_for_one_client(self, daemon: Daemon) -> None:
        stalled = daemon.connect()
        stalled.send(b"request\0")
        assert stalled.receive() == Received(ANNOUNCEMENT)
        other = daemon.connect()
        assert other.receive() == Received()
        stalled.send(b"find_endp\0label\0E\0\0")
        assert other.receive() == Received(ANNOUNCEMENT)

    def test_a_time_limit_that_the_clock_passes_is_waited_for(self, daemon: Daemon) -> None:
        stalled = daemon.connect()
        stalled.send(b"request\0")
        daemon.advance(1)
        assert daemon.log() == ["warning: timeout on scache socket while reading input attribute value"]

    def test_a_busy_loop_is_recognised(self, daemon: Daemon) -> None:
        stalled = daemon.connect()
        stalled.send(b"request\0")
        assert stalled.receive() == Received(ANNOUNCEMENT)
        hasty = daemon.connect()
        hasty.send(FIND_E)
        hasty.close()
        stalled.send(b"find_endp\0label\0E\0\0")
        with pytest.raises(RestlessError, match="computed"):
            daemon.log()

    def test_bytes_that_it_never_reads_are_reported(self, daemon: Daemon) -> None:
        stalled = daemon.connect()
        stalled.send(b"request\0")
        assert stalled.receive() == Received(ANNOUNCEMENT)
        other = daemon.connect()
        with pytest.raises(BlockedError, match="no room"):
            other.send(b"x" * 10_000_000)
