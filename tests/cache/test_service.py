"""What a service finds, counts, closes and tells; the cache behind it is its own affair."""

from __future__ import annotations

from typing import Any

import pytest

from scache.cache.entries import Binding, Session
from scache.cache.observer import Bindings, Observer
from scache.cache.service import Service
from scache.config.settings import Settings

NOW = 1_800_000_000
START = "Jan 15 08:00:00"


class Witness(Observer):
    """An Observer that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def session_saved(self, session: Session) -> None:
        self.told.append(("saved", session.endpoint.label, session.prop, session.descriptor))

    def session_found(self, session: Session, _binding: Binding | None) -> None:
        self.told.append(("found", session.endpoint.label, session.prop, session.descriptor))

    def session_unusable(self, session: Session, by_destination: bool) -> None:
        self.told.append(("unusable", session.descriptor, by_destination))

    def session_dropped(self, session: Session) -> None:
        self.told.append(("dropped", session.endpoint.label, session.descriptor))

    def endpoint_missed(self, endp_label: bytes) -> None:
        self.told.append(("no endpoint", endp_label))

    def binding_saved(self, binding: Binding, refreshed: bool) -> None:
        self.told.append(("bound", binding.dest_label, binding.prop, binding.endp_label, refreshed))

    def binding_dropped(self, binding: Binding) -> None:
        self.told.append(("unbound", binding.dest_label, binding.endp_label))

    def passed_over(self, endp_label: bytes) -> None:
        self.told.append(("passed over", endp_label))

    def destination_missed(self, dest_label: bytes, bindings: Bindings | None) -> None:
        self.told.append(("no destination", dest_label, bool(bindings)))


class Descriptors:
    """Sessions that have hung up when the test says so, and what was done to them (Sessions)."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.asked: list[int] = []
        self.closed: list[int] = []
        self.watched: set[int] = set()
        self.ended_unseen: set[int] = set()

    def watch(self, session: Session) -> None:
        self.watched.add(session.descriptor)

    def unwatch(self, session: Session) -> None:
        self.watched.discard(session.descriptor)

    def has_ended(self, session: Session) -> bool:
        self.unwatch(session)
        return session.descriptor in self.ended_unseen

    def hung_up(self, session: Session) -> bool:
        self.asked.append(session.descriptor)
        return session.descriptor in self.gone

    def close(self, session: Session) -> None:
        self.closed.append(session.descriptor)

    discard = close


class Case:
    """A service, what happens to its sessions, and what it says."""

    def __init__(self, **settings: Any) -> None:
        self.sessions = Descriptors()
        self.bounds_met: list[str] = []
        self.witness = Witness()
        self.service = Service(Settings(**settings), self.sessions, self.bounds_met.append, self.witness)

    def save(self, *descriptors: int, label: bytes = b"E", ttl: int = 2) -> None:
        for descriptor in descriptors:
            self.service.save_endp(NOW, ttl, label, b"P%d" % descriptor, descriptor)

    def bind(self, dest_label: bytes = b"D", endp_label: bytes = b"E") -> None:
        self.service.save_dest(NOW, 2, dest_label, b"DP", endp_label)

    def found(self, label: bytes = b"E") -> int | None:
        found = self.service.find_endp(label)
        return found and found.session.descriptor

    def expired(self, now: int) -> list[int]:
        return [session.descriptor for session in self.service.expire(now)]

    def all_found(self, label: bytes = b"E") -> list[int]:
        found = []
        while (descriptor := self.found(label)) is not None:
            found.append(descriptor)
        return found

    def counted(self) -> list[str]:
        """The statistics without their prefix and their first line."""
        lines = self.service.take_statistics(START)
        assert not lines or lines[0] == f"statistics: start interval {START}"
        return [line.removeprefix("statistics: ") for line in lines[1:]]


def test_a_find_by_endpoint_gives_the_endpoints_property() -> None:
    case = Case()
    case.save(7)
    found = case.service.find_endp(b"E")
    assert found is not None
    assert (found.properties, found.session.descriptor) == ((b"P7",), 7)


def test_a_find_by_destination_gives_its_property_first() -> None:
    case = Case()
    case.save(7)
    case.bind()
    found = case.service.find_dest(b"D")
    assert found is not None
    assert (found.properties, found.session.descriptor) == ((b"DP", b"P7"), 7)


def test_a_find_by_destination_tells_how_many_bindings_it_may_have_looked_at() -> None:
    service = Case().service
    for destination, endpoints in ((b"D", 3), (b"C", 1)):
        for number in range(endpoints):
            service.save_dest(NOW, 2, destination, b"", b"E%d" % number)
    assert service.looked_through == 0
    told = []
    for destination in (b"D", b"C", b"X", b"D"):
        service.find_dest(destination)
        told.append(service.looked_through)
    service.find_endp(b"E0")
    assert (told, service.looked_through) == ([3, 1, 0, 3], 3)


def test_hits_and_misses_are_counted_by_kind() -> None:
    case = Case()
    case.save(7, 8, 9)
    case.bind()
    case.counted()
    case.service.find_endp(b"E")
    for label in (b"D", b"D", b"D", b"X"):
        case.service.find_dest(label)
    case.service.find_endp(b"E")
    assert case.counted() == [
        "domain lookup hits=2 miss=2 success=50%",
        "address lookup hits=1 miss=1 success=50%",
    ]


@pytest.mark.parametrize(("by", "kind"), [("destination", "domain"), ("endpoint", "address")])
def test_a_lookup_counts_once_however_many_sessions_were_passed_over(by: str, kind: str) -> None:
    case = Case(skip_closed=True)
    case.sessions.gone = {7, 8, 11}
    case.bind()
    case.save(7, 8, 9, 10, 11)
    for hit in (True, True, False, False):
        found = case.service.find_dest(b"D") if by == "destination" else case.service.find_endp(b"E")
        assert (found is not None) is hit
    assert case.counted()[0] == f"{kind} lookup hits=2 miss=2 success=50%"


def test_sessions_that_are_of_no_use_have_no_binding_looked_at_again() -> None:
    case = Case(skip_closed=True)
    for number in range(50):
        case.bind(endp_label=b"empty %d" % number)
    case.bind(endp_label=b"E")
    case.save(*range(3, 53))
    case.sessions.gone = set(range(3, 53))
    case.witness.told.clear()
    assert case.service.find_dest(b"D") is None
    assert sum(told[0] == "passed over" for told in case.witness.told) == 51


def test_the_most_there_ever_were_is_looked_at_after_each_save() -> None:
    case = Case()
    case.save(7, 8, 9)
    case.save(6, label=b"F")
    case.bind()
    assert case.all_found() == [7, 8, 9]
    case.bind(b"D2")
    assert case.counted()[-1] == "max simultaneous domains=2 addresses=2 connection=4"


def test_a_binding_saved_makes_the_endpoints_count() -> None:
    case = Case()
    case.save(7)
    case.counted()
    case.bind()
    assert case.counted() == ["max simultaneous domains=1 addresses=1 connection=0"]


def test_taking_the_statistics_begins_them_anew() -> None:
    case = Case()
    case.service.find_endp(b"E")
    assert case.counted() == ["address lookup hits=0 miss=1 success=0%"]
    assert case.counted() == []


def test_sizes_are_destinations_endpoints_and_sessions() -> None:
    case = Case()
    case.save(7, 8)
    for destination in (b"D", b"D2", b"D3"):
        case.bind(destination)
    assert case.service.sizes == (3, 1, 2)


def test_a_session_nobody_claimed_is_closed_as_in_postfix() -> None:
    case = Case()
    case.save(7)
    found = case.service.find_endp(b"E")
    assert found is not None
    assert not case.service.put_back(NOW, found)
    assert case.service.sizes == (0, 0, 0)


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        ([7], [7, 8, 9]),
        ([7, 8], [7, 8, 9]),
        ([7, 8, 9], [7, 8, 9]),
    ],
)
def test_what_is_put_back_has_its_old_place(taken: list[int], left: list[int]) -> None:
    case = Case(keep_unclaimed=True)
    case.save(7, 8, 9)
    held = [case.service.find_endp(b"E") for _ in taken]
    for found in held:
        assert found is not None
        assert case.service.put_back(NOW, found)
    assert case.service.sizes == (0, 1, 3)
    case.save(10)
    assert case.all_found() == [*left, 10]
    assert case.service.sizes == (0, 0, 0)


def test_what_is_put_back_is_found_by_its_destination_and_counted_no_second_time() -> None:
    case = Case(keep_unclaimed=True)
    case.save(7)
    case.bind()
    found = case.service.find_dest(b"D")
    assert found is not None
    case.counted()
    assert case.service.put_back(NOW, found)
    assert case.counted() == []
    again = case.service.find_dest(b"D")
    assert again is not None
    assert again.properties == (b"DP", b"P7")


@pytest.mark.parametrize("others", [[], [8]])
def test_what_is_put_back_keeps_its_due_second(others: list[int]) -> None:
    case = Case(keep_unclaimed=True, ttl_limit=9)
    case.save(7, ttl=3)
    case.save(*others, ttl=9)
    found = case.service.find_endp(b"E")
    assert found is not None
    assert case.service.put_back(NOW + 2, found)
    assert case.expired(NOW + 2) == []
    assert case.expired(NOW + 3) == [7]
    assert case.all_found() == others


def test_what_falls_due_between_others_leaves_them_linked() -> None:
    case = Case(keep_unclaimed=True, ttl_limit=9)
    case.save(7, ttl=3)
    case.save(8, 9, ttl=9)
    held = [case.service.find_endp(b"E") for _ in range(2)]
    for found in reversed(held):
        assert found is not None
        case.service.put_back(NOW, found)
    case.save(10, ttl=9)
    assert case.expired(NOW + 3) == [7]
    assert case.all_found() == [8, 9, 10]


def test_nothing_is_put_back_in_its_due_second_or_later() -> None:
    case = Case(keep_unclaimed=True)
    case.save(7)
    found = case.service.find_endp(b"E")
    assert found is not None
    assert not case.service.put_back(NOW + 2, found)
    assert case.service.sizes == (0, 0, 0)
    assert case.service.put_back(NOW + 1, found)


def test_a_session_put_back_when_its_endpoint_has_come_anew_goes_before_the_new_ones() -> None:
    case = Case(keep_unclaimed=True)
    case.save(7)
    found = case.service.find_endp(b"E")
    assert found is not None
    case.save(8)
    case.service.put_back(NOW, found)
    assert case.service.sizes == (0, 1, 2)
    assert case.all_found() == [7, 8]


def test_closed_sessions_are_passed_over_and_closed_where_that_is_wanted() -> None:
    case = Case(skip_closed=True)
    case.save(7, 8, 9)
    case.bind()
    case.sessions.gone = {7, 9}
    assert case.found() == 8
    assert case.service.find_dest(b"D") is None
    assert case.sessions.closed == [7, 9]
    assert case.counted()[:2] == [
        "domain lookup hits=0 miss=1 success=0%",
        "address lookup hits=1 miss=0 success=100%",
    ]


def test_nobody_looks_at_sessions_where_that_is_not_wanted() -> None:
    case = Case()
    case.save(7, 8)
    case.bind()
    case.sessions.gone = {7, 8}
    assert case.found() == 7
    assert case.service.find_dest(b"D") is not None
    assert (case.sessions.asked, case.sessions.closed) == ([], [])


def test_another_configuration_counts_from_the_next_call_on() -> None:
    case = Case(ttl_limit=2)
    case.save(7, ttl=9)
    case.service.reconfigure(Settings(ttl_limit=5, keep_unclaimed=True, skip_closed=True))
    case.save(8, ttl=9)
    assert case.service.next_due() == NOW + 2
    assert case.expired(NOW + 2) == [7]
    assert case.service.next_due() == NOW + 5
    found = case.service.find_endp(b"E")
    assert found is not None
    assert case.service.put_back(NOW, found)
    case.sessions.gone = {8}
    assert case.found() is None
    assert case.sessions.closed == [8]


def test_all_that_is_cached_can_be_given_up() -> None:
    case = Case()
    case.save(7, 8)
    case.bind()
    assert [session.descriptor for session in case.service.clear()] == [7, 8]
    assert case.service.sizes == (0, 0, 0)
    assert case.service.next_due() is None


def test_all_that_is_cached_can_be_taken_out_entry_by_entry() -> None:
    case = Case()
    case.save(7)
    case.bind()
    assert isinstance(case.service.take_next(NOW), Binding)
    assert isinstance(case.service.take_next(NOW), Session)
    assert case.service.take_next(NOW) is None
    assert case.service.sizes == (0, 0, 0)


def test_an_observer_is_told_what_happens_in_its_order() -> None:
    case = Case()
    case.save(7, 8)
    case.bind(b"D", b"X")
    case.bind()
    case.bind()
    case.service.find_dest(b"D")
    case.service.find_dest(b"Q")
    case.found()
    case.service.find_dest(b"D")
    case.save(9)
    case.expired(NOW + 2)
    assert case.witness.told == [
        ("saved", b"E", b"P7", 7),
        ("saved", b"E", b"P8", 8),
        ("bound", b"D", b"DP", b"X", False),
        ("bound", b"D", b"DP", b"E", False),
        ("bound", b"D", b"DP", b"E", True),
        ("passed over", b"X"),
        ("found", b"E", b"P7", 7),
        ("no destination", b"Q", False),
        ("found", b"E", b"P8", 8),
        ("passed over", b"X"),
        ("passed over", b"E"),
        ("no destination", b"D", True),
        ("saved", b"E", b"P9", 9),
        ("unbound", b"D", b"X"),
        ("unbound", b"D", b"E"),
        ("dropped", b"E", 9),
    ]


def test_an_observer_hears_nothing_of_the_end() -> None:
    case = Case()
    case.save(7)
    case.witness.told.clear()
    assert [session.descriptor for session in case.service.clear()] == [7]
    assert case.witness.told == []


def test_cached_sessions_are_watched_from_their_save_to_their_find_where_that_is_wanted() -> None:
    case = Case(watch=True, keep_unclaimed=True)
    case.save(7, 8)
    assert case.sessions.watched == {7, 8}
    found = case.service.find_endp(b"E")
    assert case.sessions.watched == {8}
    assert found is not None
    case.service.put_back(NOW, found)
    assert case.sessions.watched == {7, 8}


def test_nobody_watches_sessions_where_that_is_not_wanted() -> None:
    case = Case(keep_unclaimed=True)
    case.save(7)
    found = case.service.find_endp(b"E")
    assert found is not None
    case.service.put_back(NOW, found)
    assert case.sessions.watched == set()


def test_sessions_that_their_peers_have_ended_are_counted_with_the_reason() -> None:
    saved: list[Session] = []
    case = Case(watch=True)
    case.witness.session_saved = saved.append  # type: ignore[method-assign]
    case.save(3, 4, 5, 6)
    case.sessions.gone = {3, 4}
    for session in saved:
        case.service.ended(session)
    assert case.counted()[-1] == "sessions ended by peer closed=2 spoke=2"
    assert case.counted() == []
    assert case.service.sessions_ended() == {"closed": 2, "spoke": 2}


def test_a_session_that_ended_before_anybody_watched_is_counted_and_passed_over_when_it_is_found() -> None:
    case = Case(watch=True)
    case.save(3, 4, 5)
    case.sessions.ended_unseen = {3, 4}
    case.sessions.gone = {4}
    assert case.all_found() == [5]
    assert case.sessions.closed == [3, 4]
    assert case.counted()[-1] == "sessions ended by peer closed=1 spoke=1"


def test_a_session_that_has_ended_leaves_the_cache() -> None:
    saved: list[Session] = []
    case = Case()
    case.witness.session_saved = saved.append  # type: ignore[method-assign]
    case.save(7, 8)
    case.service.ended(saved[0])
    assert case.witness.told == [("dropped", b"E", 7)]
    assert case.sessions.closed == [7]
    assert case.all_found() == [8]


def test_a_save_without_room_says_so_and_keeps_nothing() -> None:
    case = Case(cache_size_limit=3)
    assert case.service.save_endp(NOW, 2, b"E", b"P", 7)
    assert not case.service.save_endp(NOW, 2, b"E", b"P", 8)
    assert not case.service.save_dest(NOW, 2, b"D", b"", b"E")
    assert case.service.sizes == (0, 1, 1)
    assert len(case.bounds_met) == 2
    assert case.counted() == ["max simultaneous domains=0 addresses=1 connection=1"]


def test_too_many_sessions_cost_the_oldest_one() -> None:
    case = Case(endpoint_session_limit=2)
    case.save(7, 8, 9)
    assert case.sessions.closed == [7]
    assert len(case.bounds_met) == 1
    assert case.all_found() == [8, 9]


def test_finds_are_counted_since_the_beginning_whatever_was_logged_meanwhile() -> None:
    service = Service(Settings(), Descriptors(), print)
    service.save_endp(NOW, 9, b"E", b"", 7)
    service.find_endp(b"E")
    service.find_endp(b"E")
    list(service.take_statistics(START))
    service.find_dest(b"D")
    assert service.lookups() == {
        "destination": {"hits": 0, "misses": 1},
        "endpoint": {"hits": 1, "misses": 1},
    }


def test_sessions_are_numbered_as_they_are_saved() -> None:
    case = Case()
    assert case.service.serial == 0
    case.save(7, 8)
    assert case.service.serial == 2


def test_a_session_that_was_watched_is_not_when_it_is_found_though_watching_was_switched_off() -> None:
    case = Case(watch=True)
    case.save(7)
    case.service.reconfigure(Settings(watch=False))
    assert case.sessions.watched == {7}
    assert case.found() == 7
    assert case.sessions.watched == set()
