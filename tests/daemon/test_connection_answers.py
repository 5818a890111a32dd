"""The short way of an answer through a connection does what the long way does, byte by byte."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scache.daemon.server
from scache.config.settings import Settings
from scache.daemon.server import Server
from scache.protocol.actions import listed
from scache.protocol.attributes import encode
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import DUMMY
from scache.simulated import SimulatedNetwork
from scache.simulated.clock import VirtualClock
from scache.simulated.kernel import StreamSocket, socket_pair

SAVE_DEST = encode(
    (b"request", b"save_dest"), (b"ttl", b"9"), (b"label", b"D"), (b"property", b"p" * 20), (b"label", b"E")
)
SAVE_ENDP = encode((b"request", b"save_endp"), (b"ttl", b"9"), (b"label", b"E"), (b"property", b"q" * 20))
FIND_DEST = encode((b"request", b"find_dest"), (b"label", b"D"))
FIND_ENDP = encode((b"request", b"find_endp"), (b"label", b"E"))

messages = st.sampled_from(
    [SAVE_DEST, SAVE_ENDP, FIND_DEST, FIND_ENDP, DUMMY, DUMMY + FIND_DEST, b"junk\0\0"],
)
steps = st.one_of(
    st.tuples(st.just("send"), messages),
    st.just(("session", b"\0")),
    st.tuples(st.just("read"), st.integers(1, 60)),
    st.sampled_from([("shut down", b""), ("leave", b"")]),
)


class Lengthy(Conversation):
    """Answers as lists only, which take the long way."""

    def receive(self, data: bytes, now: int) -> Any:
        return listed(super().receive(data, now))

    def receive_descriptors(self, descriptors: Any, now: int) -> Any:
        return listed(super().receive_descriptors(descriptors, now))


def step(client: StreamSocket, does: str, what: Any) -> object:
    """What the client sees of its step."""
    match does:
        case "send":
            return client.send(what)
        case "session":
            near, far = socket_pair()
            near.release()
            sent = client.send(what, (far,))
            far.release()
            return sent
        case "read":
            data, files = client.receive_message(what)
            return data, len(files)
        case "shut down":
            return client.shutdown()
        case _:
            return client.release()


def seen(kind: type[Conversation], capacity: int, play: list[tuple[int, tuple[str, Any]]]) -> list[object]:
    """What two clients see of a daemon, with sockets that take so many bytes, and what it logs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scache.daemon.server, "Conversation", kind)
        network, log = SimulatedNetwork(capacity=capacity), list[str]()
        server = Server(network, VirtualClock(), Settings(), log.append)
        clients = [network.connect(), network.connect()]
        notes: list[object] = []
        for number, (does, what) in play:
            for _ in range(4):
                server.turn(0)
            if clients[number].is_open:
                with suppress(BlockingIOError, ConnectionError):
                    notes.append(step(clients[number], does, what))
        server.close()
        for client in clients:
            while client.is_open:
                try:
                    data, files = client.receive_message(4096)
                except OSError as error:
                    data, files = b"", ()
                    notes.append(type(error))
                notes.append((data, len(files)))
                if not data:
                    break
    return [*notes, log, server.clients]


@pytest.mark.interpreted
@given(st.integers(40, 200), st.lists(st.tuples(st.integers(0, 1), steps), max_size=30))
def test_an_answer_by_itself_goes_the_way_of_one_in_a_list(
    capacity: int, play: list[tuple[int, tuple[str, Any]]]
) -> None:
    assert seen(Conversation, capacity, play) == seen(Lengthy, capacity, play)
