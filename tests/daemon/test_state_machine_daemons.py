"""Whole daemons, driven by Hypothesis: the reference and the simulated one must answer alike."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

from conformance.contract.wire import DUMMY, WRONG_REQUESTS, attribute_list
from conformance.differential.stretch import Stretch
from conformance.differential.unit import Find, Leave, Move, Nonsense, Save, SaveSession, Unit
from conformance.targets.registry import parse_target

pytestmark = pytest.mark.lasting

peers = st.sampled_from(["client 1", "client 2", "client 3"])
properties = st.sampled_from([b"", b"p", b"q\n\n"])
ttls = st.sampled_from([b"1", b"2", b"9", b" +3", b"0", b"2x"])
cuts = st.lists(st.integers(1, 60), max_size=3)


def split(data: bytes, places: list[int]) -> tuple[bytes, ...]:
    """The data in several writes."""
    edges = sorted({place for place in places if place < len(data)})
    return tuple(data[start:stop] for start, stop in zip([0, *edges], [*edges, len(data)], strict=True))


class DaemonMachine(RuleBasedStateMachine):
    """Two daemons, several clients; after each step all that can be seen of them is equal."""

    labels = Bundle("labels")
    sessions = Bundle("sessions")

    @initialize(limit=st.sampled_from(["1s", "2s", "5s"]), interval=st.sampled_from(["1s", "600s"]))
    def start(self, limit: str, interval: str) -> None:
        options = {"connection_cache_ttl_limit": limit, "connection_cache_status_update_time": interval}
        self.stretch = Stretch(parse_target("reference"), parse_target("simulated"), options)
        self.saved = 0

    @rule(target=labels, label=st.sampled_from([b"", b"a", b"b", b"c\n", b"\xff"]))
    def name_something(self, label: bytes) -> bytes:
        return label

    @rule(
        target=sessions,
        peer=peers,
        ttl=ttls,
        label=labels,
        prop=properties,
        places=cuts,
        surplus=st.booleans(),
    )
    def save_endp(
        self, peer: str, ttl: bytes, label: bytes, prop: bytes, places: list[int], surplus: bool
    ) -> str:
        self.saved += 1
        token = f"S{self.saved}"
        request = attribute_list(
            (b"request", b"save_endp"), (b"ttl", ttl), (b"label", label), (b"property", prop)
        )
        tokens = (token, f"{token} too") if surplus else (token,)
        self.play(SaveSession(peer, split(request, places), b"\0", tokens))
        return token

    @rule(peer=peers, ttl=ttls, destination=labels, prop=properties, endpoint=labels, places=cuts)
    def save_dest(
        self, peer: str, ttl: bytes, destination: bytes, prop: bytes, endpoint: bytes, places: list[int]
    ) -> None:
        request = attribute_list(
            (b"request", b"save_dest"),
            (b"ttl", ttl),
            (b"label", destination),
            (b"property", prop),
            (b"label", endpoint),
        )
        self.play(Save(peer, split(request, places)))

    @rule(
        peer=peers,
        kind=st.sampled_from([b"find_endp", b"find_dest"]),
        label=labels,
        places=cuts,
        ready=st.sampled_from([(DUMMY,), (DUMMY,), (b"dum", b"my\0\0\0"), (b"nothing\0\0",), ()]),
        confirmation=st.sampled_from([(DUMMY,), (DUMMY,), (b"dummy\0", b"\0\0"), ()]),
    )
    def find(
        self,
        peer: str,
        kind: bytes,
        label: bytes,
        places: list[int],
        ready: tuple[bytes, ...],
        confirmation: tuple[bytes, ...],
    ) -> None:
        request = attribute_list((b"request", kind), (b"label", label))
        self.play(Find(peer, split(request, places), ready, confirmation))

    @rule(peer=peers, which=st.sampled_from(WRONG_REQUESTS), places=cuts)
    def ask_wrongly(self, peer: str, which: tuple[bytes, bytes], places: list[int]) -> None:
        self.play(Save(peer, split(which[0], places)))

    @rule(peer=peers, data=st.binary(min_size=1, max_size=20), half_close=st.booleans())
    def send_nonsense(self, peer: str, data: bytes, half_close: bool) -> None:
        self.play(Nonsense(peer, (data,), (), half_close))

    @rule(peer=peers, half_close=st.booleans())
    def leave(self, peer: str, half_close: bool) -> None:
        self.play(Leave(peer, half_close))

    @rule(seconds=st.integers(-2, 7))
    def move_clock(self, seconds: int) -> None:
        self.play(Move(seconds))

    @rule(token=sessions)
    def look_at_a_session(self, token: str) -> None:
        left, right = self.stretch.daemons
        assert self.knows(left, token) == self.knows(right, token)

    @staticmethod
    def knows(daemon: object, token: str) -> object:
        """Whether the session is open; None where it never left its client."""
        try:
            return daemon.is_open(token)  # type: ignore[attr-defined]
        except KeyError:
            return None

    def play(self, unit: Unit) -> None:
        difference = self.stretch.play_unit(unit)
        assert difference is None, difference

    def teardown(self) -> None:
        if hasattr(self, "stretch"):
            with self.stretch:
                assert self.stretch.end() is None


TestTheReferenceAndTheSimulatedDaemonAnswerAlike = DaemonMachine.TestCase
TestTheReferenceAndTheSimulatedDaemonAnswerAlike.settings = settings(max_examples=60, stateful_step_count=40)
