"""The order of an endpoint's sessions, whatever leaves it and comes back."""

from __future__ import annotations

from itertools import permutations

import pytest

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Binding, Session
from scache.config.settings import Settings

NOW = 1_800_000_000


def filled(*, newest_first: bool = False) -> tuple[ConnectionCache, list[Session]]:
    """A cache with sessions 0 to 3 of the endpoint E, and 4 of F."""
    cache = ConnectionCache(Settings(ttl_limit=100, newest_first=newest_first))
    sessions = []
    for descriptor, label in enumerate([b"E", b"E", b"E", b"E", b"F"]):
        session = cache.save_endp(NOW, 50 + descriptor, label, b"P", descriptor)
        assert session is not None
        sessions.append(session)
    return cache, sessions


def found(cache: ConnectionCache, label: bytes = b"E") -> list[int]:
    descriptors = []
    while (one := cache.find_endp(label)) is not None:
        descriptors.append(one.session.descriptor)
    return descriptors


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("count", range(5))
def test_a_session_that_is_put_back_has_its_old_place(count: int, newest_first: bool) -> None:
    for back in permutations(range(4), count):
        cache, sessions = filled(newest_first=newest_first)
        found(cache)
        for descriptor in back:
            assert cache.put_back(NOW, sessions[descriptor])
        assert (cache.endpoints, cache.sessions, cache.size) == (1 + (count > 0), 1 + count, 2 + 2 * count)
        assert found(cache) == sorted(back, reverse=newest_first), back
        assert (cache.endpoints, cache.sessions, cache.size) == (1, 1, 2)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("count", range(5))
def test_any_session_can_leave_the_list(count: int, newest_first: bool) -> None:
    for dropped in permutations(range(4), count):
        cache, sessions = filled(newest_first=newest_first)
        for descriptor in dropped:
            cache.drop(sessions[descriptor])
            assert (sessions[descriptor].older, sessions[descriptor].newer) == (None, None)
        left = sorted(set(range(4)) - set(dropped), reverse=newest_first)
        assert (cache.sessions, cache.size) == (1 + len(left), 2 + 2 * len(left))
        assert found(cache) == left, dropped
        assert [session.descriptor for session in cache.expire(NOW + 99)] == [4]


@pytest.mark.parametrize(("second", "expected"), [(49, True), (50, False), (51, False)])
def test_a_session_is_put_back_until_its_due_second(second: int, expected: bool) -> None:
    cache, sessions = filled()
    found(cache)
    assert cache.put_back(NOW + second, sessions[0]) is expected
    assert found(cache) == [0] * expected


@pytest.mark.parametrize(
    ("bound", "limit", "expected"),
    [
        ("session_limit", 2, False),
        ("session_limit", 3, True),
        ("session_limit", 0, True),  # no limit
        ("endpoint_session_limit", 1, False),
        ("endpoint_session_limit", 2, True),
        ("cache_size_limit", 5, False),
        ("cache_size_limit", 6, True),
    ],
)
def test_a_session_is_put_back_where_there_is_room_for_it(bound: str, limit: int, expected: bool) -> None:
    cache, sessions = filled()
    found(cache)
    assert cache.put_back(NOW, sessions[1])  # now there is one of E and one of F, of two bytes each
    setattr(cache.settings, bound, limit)
    assert cache.put_back(NOW, sessions[0]) is expected
    assert found(cache) == ([0, 1] if expected else [1])


def test_a_session_that_was_put_back_falls_due_when_it_would_have() -> None:
    cache, sessions = filled()
    found(cache)
    cache.put_back(NOW, sessions[2])
    assert [session.descriptor for session in cache.expire(NOW + 51)] == []
    assert [session.descriptor for session in cache.expire(NOW + 52)] == [2]


def test_entries_are_taken_bindings_first_and_those_that_are_due_never() -> None:
    cache, _ = filled()
    for destination, ttl, endpoint in (
        (b"D", 1, b"1"),
        (b"D", 9, b"2"),
        (b"C", 9, b"3"),
        (b"D", 2, b"4"),
        (b"C", 1, b"5"),
    ):
        cache.save_dest(NOW, ttl, destination, b"", endpoint)
    taken: list[bytes | int] = []
    while (entry := cache.take_next(NOW + 1)) is not None:
        taken.append(entry.endp_label if isinstance(entry, Binding) else entry.descriptor)
    assert taken == [b"2", b"4", b"3", 0, 1, 2, 3, 4]
    assert (cache.destinations, cache.bindings, cache.endpoints, cache.sessions) == (2, 2, 0, 0)
    assert list(cache.expire(NOW + 99)) == []
    assert (cache.destinations, cache.bindings, cache.size) == (0, 0, 0)


def test_a_session_that_is_due_is_passed_over_when_the_next_is_taken() -> None:
    cache, _ = filled()
    taken = []
    while (entry := cache.take_next(NOW + 51)) is not None:
        assert isinstance(entry, Session)
        taken.append(entry.descriptor)
    assert taken == [2, 3, 4]
    assert found(cache) == [0, 1]
