"""What is due and not taken out yet, because there is much of it: held, but gone for whoever asks."""

from __future__ import annotations

import pytest

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Session
from scache.cache.service import Service
from scache.config.settings import Settings
from tests.cache.test_service import Witness
from tests.support.pretended_sessions import PretendedSessions

NOW = 1_800_000_000
LATER = NOW + 2


class Overdue:
    """A cache whose entries of 2 s are due, and of which `expire` has taken out none."""

    def __init__(self, **settings: bool) -> None:
        self.cache = ConnectionCache(Settings(ttl_limit=10, **settings))  # type: ignore[arg-type]

    def save(self, *descriptors: int, ttl: int = 2, endpoint: bytes = b"E", now: int = NOW) -> None:
        for descriptor in descriptors:
            self.cache.save_endp(now, ttl, endpoint, b"P", descriptor)

    def bind(self, prop: bytes, endpoint: bytes, ttl: int = 2, now: int = NOW) -> None:
        self.cache.save_dest(now, ttl, b"D", prop, endpoint)

    def expire(self, most: int = 0, now: int = LATER) -> list[int]:
        return [session.descriptor for session in self.cache.expire(now, most)]

    def found(self) -> int | None:
        found = self.cache.find_endp(b"E")
        return found and found.session.descriptor


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_due_session_is_passed_over_and_closed_in_its_turn(newest_first: bool) -> None:
    case = Overdue(newest_first=newest_first)
    case.save(3)
    case.save(4, ttl=9)
    case.save(5)
    assert case.expire() == []
    assert [case.found(), case.found()] == [4, None]
    assert case.expire(1) == [3]
    assert case.expire(1) == [5]
    assert case.cache.sessions == case.cache.endpoints == case.cache.size == 0


def test_a_binding_that_leads_to_due_sessions_only_finds_nothing_and_the_next_one_does() -> None:
    case = Overdue()
    case.bind(b"first", b"E", ttl=9)
    case.save(3, 4)
    case.expire()
    assert case.cache.find_dest(b"D") is None
    case.bind(b"second", b"F", ttl=9)
    case.save(5, ttl=9, endpoint=b"F")
    found = case.cache.find_dest(b"D")
    assert found is not None
    assert found.session.descriptor == 5


def test_a_due_binding_leads_nowhere() -> None:
    case = Overdue()
    case.bind(b"due", b"E")
    case.bind(b"alive", b"E", ttl=9)
    case.save(3, ttl=9)
    case.expire()
    found = case.cache.find_dest(b"D")
    assert found is not None
    assert found.properties == (b"alive", b"P")


def test_a_due_binding_that_is_saved_again_is_a_new_one_at_the_end() -> None:
    case = Overdue()
    case.bind(b"first", b"E")
    case.bind(b"second", b"E", ttl=9)
    case.save(3, 4, ttl=9)
    case.expire()
    case.bind(b"first", b"E", now=LATER)
    found = case.cache.find_dest(b"D")
    assert found is not None
    assert found.properties == (b"second", b"P")
    assert case.expire(100) == []
    assert (case.cache.bindings, case.cache.behind) == (2, False)


def test_a_session_that_was_passed_over_can_still_leave_early() -> None:
    case = Overdue()
    session = case.cache.save_endp(NOW, 2, b"E", b"P", 3)
    case.save(4)
    case.expire()
    assert case.found() is None
    assert session is not None
    case.cache.drop(session)
    assert case.expire(100) == [4]
    assert case.cache.sessions == 0


def test_the_end_takes_out_all_once() -> None:
    case = Overdue()
    case.save(3, 4)
    case.save(5, ttl=9)
    case.expire()
    assert case.found() == 5
    assert sorted(session.descriptor for session in case.cache.clear()) == [3, 4]
    assert (case.cache.sessions, case.cache.endpoints) == (0, 0)


def test_the_largest_numbers_are_never_those_of_what_is_only_held() -> None:
    service = Service(Settings(), PretendedSessions(), print)
    for descriptor in (3, 4, 5):
        service.save_endp(NOW, 2, b"E%d" % descriptor, b"P", descriptor)
    service.take_statistics("then")
    assert list(service.expire(LATER, 1)) != []
    service.save_endp(LATER, 2, b"E", b"P", 6)
    service.save_dest(LATER, 2, b"D", b"P", b"E")
    assert service.take_statistics("then") == []
    assert len(list(service.expire(LATER, 100))) == 2
    service.save_endp(LATER, 2, b"E", b"P", 7)
    assert service.take_statistics("then")[-1] == (
        "statistics: max simultaneous domains=0 addresses=1 connection=2"
    )


def test_a_destination_of_which_all_is_due_is_told_to_have_no_binding() -> None:
    witness = Witness()
    service = Service(Settings(), PretendedSessions(), print, witness)
    service.save_dest(NOW, 2, b"D", b"first", b"E")
    service.save_dest(NOW, 2, b"D", b"second", b"E")
    assert list(service.expire(LATER, 1)) == []
    assert service.find_dest(b"D") is None
    service.save_dest(LATER, 2, b"D", b"third", b"E")
    assert service.find_dest(b"D") is None
    missed = [told for told in witness.told if told[0] == "no destination"]
    assert missed == [("no destination", b"D", False), ("no destination", b"D", True)]


def test_what_is_due_is_not_passed_on_though_the_clock_was_set_back() -> None:
    case = Overdue()
    case.save(3)
    case.bind(b"first", b"E")
    case.save(4, ttl=9)
    assert case.expire() == []
    passed_on = case.cache.take_next(NOW)
    assert isinstance(passed_on, Session)
    assert passed_on.descriptor == 4
    assert case.cache.take_next(NOW) is None
