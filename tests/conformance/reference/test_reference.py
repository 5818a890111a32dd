"""The bench's model against this project's server: whatever clients send, both say the same."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.contract.target import Daemon, Peer, Received
from conformance.targets import parse_target

#: Pieces of requests, whole and broken, from which clients put together what they send.
PIECES = [
    b"request\0",
    b"save_endp\0",
    b"find_endp\0",
    b"save_dest\0",
    b"find_dest\0",
    b"label\0D\0",
    b"label\0E\0",
    b"property\0P\0",
    b"property\0\0",
    b"ttl\x001\0",
    b"ttl\x009\0",
    b"ttl\0-1\0",
    b"ttl\0x\0",
    b"dummy\0\0",
    b"dummy\0\0\0",
    b"\0",
    b"nonsense",
    b"request\0save_endp\0ttl\x002\0label\0E\0property\0P\0\0",
    b"request\0find_endp\0label\0E\0\0",
    b"request\0save_dest\0ttl\x002\0label\0D\0property\0Q\0label\0E\0\0",
    b"request\0find_dest\0label\0D\0\0",
]
SENT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(b"".join)
CLIENT = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), CLIENT, SENT, st.integers(0, 2)),
        st.tuples(st.just("descriptor"), CLIENT),
        st.tuples(st.just("advance"), st.integers(-1, 3)),
        st.tuples(st.just("shutdown"), CLIENT),
        st.tuples(st.just("close"), CLIENT),
    ),
    max_size=25,
)


class Player:
    """Takes steps on one daemon, and keeps what could be seen after each."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.peers: dict[int, Peer] = {}
        self.half_closed: set[int] = set()
        self.tokens: list[str] = []
        self.seen: list[object] = []

    def take(self, step: tuple[object, ...]) -> None:
        match step:
            case ("send", int(client), bytes(data), int(count)):
                self._send(client, data, count)
            case ("descriptor", int(client)):
                self._send(client, b"\0", 1)
            case ("advance", int(seconds)):
                self.daemon.advance(seconds)
            case ("shutdown", int(client)) if client in self.peers:
                self.peers[client].shutdown()
                self.half_closed.add(client)
            case ("close", int(client)) if client in self.peers:
                self.peers.pop(client).close()
                self.half_closed.discard(client)
        self._look()

    def _send(self, client: int, data: bytes, count: int) -> None:
        if client in self.half_closed:
            return
        if client not in self.peers:
            self.peers[client] = self.daemon.connect()
            self.peers[client].receive()
        tokens = [f"T{len(self.tokens) + number}" for number in range(count)]
        self.tokens += tokens
        self.peers[client].send(data, tokens)

    def _look(self) -> None:
        received: list[Received] = [self.peers[client].receive() for client in sorted(self.peers)]
        log = [re.sub(r"(file descriptor: ).*", r"\1REASON", text) for text in self.daemon.log()]
        self.seen.append((received, log, [self.daemon.is_open(token) for token in self.tokens]))


@settings(max_examples=300)
@given(steps=STEPS)
def test_the_model_and_the_server_cannot_be_told_apart(steps: list[tuple[object, ...]]) -> None:
    seen = []
    for name in ("reference", "simulated"):
        daemon = parse_target(name).start({"connection_cache_ttl_limit": "5s", "ipc_timeout": "1000s"})
        player = Player(daemon)
        for step in steps:
            player.take(step)
        daemon.lose_master()
        seen.append([*player.seen, daemon.log(), [daemon.is_open(token) for token in player.tokens]])
    assert seen[0] == seen[1]
