"""Cached sessions that are watched: what their remote sides do counts, and nothing that others did."""

from __future__ import annotations

from scache.config.settings import Settings
from scache.daemon.sessions import MOMENT
from scache.protocol.attributes import encode
from scache.simulated.clock import VirtualClock
from scache.simulated.daemon import SimulatedDaemon
from scache.simulated.kernel import StreamSocket, socket_pair


def save_endp(label: bytes) -> bytes:
    return encode((b"request", b"save_endp"), (b"ttl", b"2"), (b"label", label), (b"property", b"P"))


def find_endp(label: bytes) -> bytes:
    return encode((b"request", b"find_endp"), (b"label", label))


def send_session(client: StreamSocket) -> StreamSocket:
    """Send one end of a pair; the other."""
    near, remote = socket_pair()
    client.send(b"\0", (near,))
    near.release()
    return remote


def test_an_event_of_a_session_that_is_gone_is_not_taken_for_one_that_has_its_number_since() -> None:
    daemon = SimulatedDaemon(Settings(watch=True, skip_closed=True), VirtualClock(), print)
    finder, saver = daemon.connect(), daemon.connect()
    daemon.settle()
    finder.send(save_endp(b"E"))
    daemon.settle()
    remote = send_session(finder)
    saver.send(save_endp(b"F"))
    daemon.settle()
    daemon.advance(1)
    # All in one turn, in this order: E's session is skipped and closed, F's gets its number, then E's event.
    finder.send(find_endp(b"E"))
    kept = send_session(saver)
    remote.release()
    daemon.settle()
    assert not kept.input_ended
    daemon.advance(1)
    assert not kept.input_ended


def test_a_session_that_ends_leaves_the_cache_once_a_moment_has_passed_since_it_was_saved() -> None:
    daemon = SimulatedDaemon(Settings(watch=True), VirtualClock(), print)
    client = daemon.connect()
    daemon.settle()
    client.send(save_endp(b"E"))
    daemon.settle()
    remote = send_session(client)
    daemon.settle()
    remote.shutdown()
    daemon.settle()
    assert daemon.server.timeout() <= MOMENT
    assert not remote.input_ended
    daemon.advance(MOMENT)
    assert remote.input_ended
    assert daemon.server.timeout() > 1  # nothing more to look after
