"""The handover as a dialogue with a daemon's own conversation: what is in one cache is then in the other."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Binding
from scache.cache.handover import Handover
from scache.cache.service import Service
from scache.config.settings import Settings
from scache.protocol.actions import Close, Discard, HandOver, listed
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6, Dialect
from tests.support.pretended_sessions import PretendedSessions

NOW = 1_800_000_000
DIALECTS = [
    Dialect(announcement=announcement, write_wait=write_wait, read_wait=read_wait)
    for announcement, write_wait, read_wait in product((True, False), repeat=3)
]


def service() -> Service:
    return Service(Settings(ttl_limit=100), PretendedSessions(), print)


def fill(leaving: Service) -> None:
    for endpoint in (b"E", b"F"):
        assert leaving.save_dest(NOW, 10, b"D", b"dp", endpoint)
    for descriptor, label in ((3, b"F"), (4, b"E"), (5, b"E")):
        assert leaving.save_endp(NOW, 20, label, b"p%d" % descriptor, descriptor)


def carry_over(leaving: Service, coming: Service, dialect: Dialect, now: int) -> None:
    """Pass what each side says to the other, until the handover closes."""
    handover = Handover(leaving.take_next, dialect, now)
    conversation = Conversation(coming, dialect, "scache socket", 1 << 20)
    to_handover = list(conversation.open())
    to_conversation = list(handover.open())
    while not any(isinstance(action, Close) for action in to_conversation):
        said: list[object] = []
        for action in to_conversation:
            if isinstance(action, HandOver):
                assert handover.handed_over(now, None) == ()
                said += listed(conversation.receive_descriptors([action.descriptor], now))
            elif isinstance(action, bytes):
                for byte in range(0, len(action), conversation.read_limit):
                    piece = action[byte : byte + conversation.read_limit]
                    said += listed(conversation.receive(piece, now))
        to_conversation = []
        for action in (*to_handover, *said):
            assert isinstance(action, bytes)
            to_conversation += handover.receive(action, now)
        to_handover = []


def all_found(holder: Service, label: bytes) -> list[tuple[tuple[bytes, ...], int]]:
    found = []
    while (hit := holder.find_dest(label)) is not None:
        found.append((hit.properties, hit.session.descriptor))
    return found


@pytest.mark.parametrize(
    "dialect", DIALECTS, ids=lambda dialect: f"{dialect.announcement}{dialect.write_wait}"
)
def test_bindings_and_sessions_come_over_in_their_order_in_each_dialect(dialect: Dialect) -> None:
    leaving, coming = service(), service()
    fill(leaving)
    carry_over(leaving, coming, dialect, NOW)
    assert (leaving.sizes, coming.sizes) == ((0, 0, 0), (1, 2, 3))
    assert all_found(coming, b"D") == [((b"dp", b"p4"), 4), ((b"dp", b"p5"), 5), ((b"dp", b"p3"), 3)]


def test_each_keeps_the_time_that_it_had_left() -> None:
    leaving, coming = service(), service()
    fill(leaving)
    carry_over(leaving, coming, POSTFIX_3_6, NOW + 9)
    list(coming.expire(NOW + 9))
    assert coming.sizes == (1, 2, 3)
    list(coming.expire(NOW + 10))
    assert coming.sizes == (0, 2, 3)
    list(coming.expire(NOW + 20))
    assert coming.sizes == (0, 0, 0)


def test_what_is_due_stays_behind() -> None:
    leaving, coming = service(), service()
    fill(leaving)
    carry_over(leaving, coming, POSTFIX_3_6, NOW + 10)
    assert (leaving.sizes, coming.sizes) == ((1, 0, 0), (0, 2, 3))
    carry_over(leaving, coming, POSTFIX_3_6, NOW + 20)
    assert leaving.sizes == (1, 0, 0)


def test_a_due_session_before_one_that_is_not_stays_behind_alone() -> None:
    leaving, coming = service(), service()
    assert leaving.save_endp(NOW, 1, b"E", b"p", 3)
    assert leaving.save_endp(NOW, 5, b"E", b"p", 4)
    carry_over(leaving, coming, POSTFIX_3_6, NOW + 1)
    assert (leaving.sizes, coming.sizes) == ((0, 1, 1), (0, 1, 1))


class Places(dict[bytes, Any]):
    """A dict that counts the places that a look for its first entry passes, those of what is gone, too."""

    gone = passed = 0

    def __delitem__(self, key: bytes) -> None:
        self.gone += 1
        super().__delitem__(key)

    def values(self) -> Any:
        self.passed += self.gone + 1
        return super().values()


@pytest.mark.interpreted
def test_what_it_takes_to_pass_all_on_grows_as_that_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ConnectionCache(Settings(ttl_limit=100))
    tables = Places(), Places()
    monkeypatch.setattr(cache, "_destinations", tables[0])
    monkeypatch.setattr(cache, "_endpoints", tables[1])
    for number in range(500):
        cache.save_dest(NOW, 10, b"D%d" % number, b"P", b"E")
        cache.save_endp(NOW, 10, b"E%d" % number, b"P", number)
    while cache.take_next(NOW) is not None:
        pass
    assert (cache.bindings, cache.sessions) == (0, 0)
    assert [table.passed for table in tables] == [1, 1]


def test_what_has_left_the_cache_since_it_began_is_not_passed_on() -> None:
    cache = ConnectionCache(Settings(ttl_limit=100))
    sessions = [cache.save_endp(NOW, ttl, b"E", b"P", ttl) for ttl in (10, 11, 12, 13)]
    cache.save_dest(NOW, 5, b"D", b"P", b"E")
    cache.save_dest(NOW, 6, b"D", b"Q", b"E")
    assert isinstance(cache.take_next(NOW), Binding)
    assert [entry.due for entry in cache.expire(NOW + 10)] == [NOW + 10]
    assert sessions[1] is not None
    cache.drop(sessions[1])
    left = [cache.take_next(NOW + 10), cache.take_next(NOW + 10), cache.take_next(NOW + 10)]
    assert left == [sessions[2], sessions[3], None]


def asking_for_a_descriptor() -> Handover:
    leaving = service()
    assert leaving.save_endp(NOW, 10, b"E", b"p", 3)
    handover = Handover(leaving.take_next, POSTFIX_2, NOW)
    assert [type(action) for action in handover.open()] == [bytes]
    return handover


@pytest.mark.parametrize("answer", [b"\0", b"foo\0bar\0\0", b"status\x002\0\0", b"dummy\0\0foo\0"])
def test_an_answer_that_is_none_ends_it_and_closes_the_session_in_hand(answer: bytes) -> None:
    closed, end = asking_for_a_descriptor().receive(answer, NOW)
    assert isinstance(closed, Discard)
    assert closed.descriptor == 3
    assert isinstance(end, Close)


def test_answers_are_read_as_whole_buffers() -> None:
    handover = asking_for_a_descriptor()
    assert (handover.descriptor_due, handover.read_limit) == (False, 4096)


def test_half_an_answer_is_waited_for() -> None:
    handover = asking_for_a_descriptor()
    assert handover.receive(b"dum", NOW) == ()
    assert handover.waiting
    assert handover.unfinished == 3
    assert handover.go_on(NOW) == ()
    assert [type(action) for action in handover.receive(b"my\0\0\0", NOW)] == [HandOver]


def test_a_descriptor_that_cannot_be_sent_ends_it() -> None:
    handover = asking_for_a_descriptor()
    handover.receive(b"dummy\0\0\0", NOW)
    assert [type(action) for action in handover.handed_over(NOW, "Broken pipe")] == [Close]


def test_a_descriptor_that_the_kernel_does_not_let_through_ends_it() -> None:
    handover = asking_for_a_descriptor()
    handover.receive(b"dummy\0\0\0", NOW)
    assert [type(action) for action in handover.undeliverable(NOW, "Too many references")] == [Discard, Close]


def test_descriptors_from_the_other_side_end_it() -> None:
    handover = Handover(service().take_next, POSTFIX_3_6, NOW)
    assert [type(action) for action in handover.receive_descriptors([], NOW)] == [Close]
    assert [type(action) for action in handover.end(NOW, timed_out=True)] == [Close]
