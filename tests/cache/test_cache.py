from __future__ import annotations

from collections.abc import Iterable

import pytest

from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Session
from scache.config.settings import Settings

NOW = 1_800_000_000


def descriptors(sessions: Iterable[Session]) -> list[int]:
    return [session.descriptor for session in sessions]


@pytest.fixture
def cache() -> ConnectionCache:
    return ConnectionCache(Settings(ttl_limit=10))


def find_endp(cache: ConnectionCache, label: bytes) -> tuple[bytes, int] | None:
    found = cache.find_endp(label)
    return found and (found.properties[0], found.session.descriptor)


def find_dest(cache: ConnectionCache, label: bytes) -> tuple[bytes, bytes, int] | None:
    found = cache.find_dest(label)
    return found and (found.properties[0], found.properties[1], found.session.descriptor)


def sizes(cache: ConnectionCache) -> tuple[int, int, int]:
    return cache.destinations, cache.endpoints, cache.sessions


def test_the_oldest_session_of_an_endpoint_is_found_first(cache: ConnectionCache) -> None:
    for descriptor in (3, 4, 5):
        cache.save_endp(NOW, 2, b"E", b"P%d" % descriptor, descriptor)
    assert [find_endp(cache, b"E") for _ in range(4)] == [(b"P3", 3), (b"P4", 4), (b"P5", 5), None]


def test_sessions_with_the_same_property_are_not_merged(cache: ConnectionCache) -> None:
    cache.save_endp(NOW, 2, b"E", b"P", 3)
    cache.save_endp(NOW, 2, b"E", b"P", 4)
    assert sizes(cache) == (0, 1, 2)


def test_a_found_session_is_gone_and_its_binding_stays(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"DP", b"E")
    cache.save_endp(NOW, 2, b"E", b"EP", 3)
    assert find_dest(cache, b"D") == (b"DP", b"EP", 3)
    assert find_dest(cache, b"D") is None
    cache.save_endp(NOW, 2, b"E", b"EP2", 4)
    assert find_dest(cache, b"D") == (b"DP", b"EP2", 4)


def test_the_oldest_binding_whose_endpoint_has_a_session_wins(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"P1", b"E1")
    cache.save_dest(NOW, 2, b"D", b"P2", b"E2")
    cache.save_dest(NOW, 2, b"D", b"P3", b"E3")
    cache.save_endp(NOW, 2, b"E3", b"", 3)
    cache.save_endp(NOW, 2, b"E2", b"", 4)
    assert find_dest(cache, b"D") == (b"P2", b"", 4)
    assert find_dest(cache, b"D") == (b"P3", b"", 3)


def test_a_refreshed_binding_keeps_its_place(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"P1", b"E1")
    cache.save_dest(NOW, 2, b"D", b"P2", b"E2")
    cache.save_dest(NOW + 1, 2, b"D", b"P1", b"E1")
    cache.save_endp(NOW + 1, 2, b"E1", b"", 3)
    cache.save_endp(NOW + 1, 2, b"E2", b"", 4)
    assert find_dest(cache, b"D") == (b"P1", b"", 3)


def test_a_refreshed_binding_lives_on_from_the_refresh(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"P", b"E")
    cache.save_dest(NOW + 1, 2, b"D", b"P", b"E")
    assert descriptors(cache.expire(NOW + 2)) == []
    assert cache.destinations == 1
    assert descriptors(cache.expire(NOW + 3)) == []
    assert cache.destinations == 0


def test_a_refresh_can_shorten_a_bindings_life(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 9, b"D", b"P", b"E")
    cache.save_dest(NOW, 1, b"D", b"P", b"E")
    list(cache.expire(NOW + 1))
    assert cache.destinations == 0


def test_another_property_makes_another_binding(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"P1", b"E")
    cache.save_dest(NOW, 5, b"D", b"P2", b"E")
    list(cache.expire(NOW + 2))
    cache.save_endp(NOW + 2, 2, b"E", b"", 3)
    assert find_dest(cache, b"D") == (b"P2", b"", 3)


@pytest.mark.parametrize(("ttl", "last_second"), [(1, 0), (2, 1), (10, 9), (11, 9), (2**31 - 1, 9)])
def test_a_session_lives_until_its_due_second_and_at_most_the_limit(
    cache: ConnectionCache, ttl: int, last_second: int
) -> None:
    cache.save_endp(NOW, ttl, b"E", b"P", 3)
    assert descriptors(cache.expire(NOW + last_second)) == []
    assert descriptors(cache.expire(NOW + last_second + 1)) == [3]
    assert find_endp(cache, b"E") is None


def test_expiry_takes_a_session_out_of_the_middle(cache: ConnectionCache) -> None:
    for descriptor, ttl in ((3, 5), (4, 1), (5, 5)):
        cache.save_endp(NOW, ttl, b"E", b"", descriptor)
    assert descriptors(cache.expire(NOW + 1)) == [4]
    assert [find_endp(cache, b"E") for _ in range(3)] == [(b"", 3), (b"", 5), None]


def test_a_binding_without_session_does_not_count_as_endpoint(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"", b"E")
    assert sizes(cache) == (1, 0, 0)


def test_an_endpoint_outlives_its_binding_and_a_binding_its_endpoint(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 1, b"D", b"", b"E")
    cache.save_endp(NOW, 3, b"E", b"", 3)
    assert descriptors(cache.expire(NOW + 1)) == []
    assert sizes(cache) == (0, 1, 1)
    cache.save_dest(NOW + 1, 9, b"D", b"", b"E")
    assert descriptors(cache.expire(NOW + 3)) == [3]
    assert sizes(cache) == (1, 0, 0)


def test_expired_descriptors_come_by_due_second_and_then_by_age(cache: ConnectionCache) -> None:
    for descriptor, ttl in ((3, 3), (4, 2), (5, 2), (6, 1)):
        cache.save_endp(NOW, ttl, b"E%d" % descriptor, b"", descriptor)
    assert descriptors(cache.expire(NOW + 9)) == [6, 4, 5, 3]


def test_clear_gives_every_descriptor_back_and_leaves_nothing(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"D", b"", b"E")
    cache.save_endp(NOW, 2, b"E", b"", 3)
    cache.save_endp(NOW, 9, b"F", b"", 4)
    assert sorted(descriptors(cache.clear())) == [3, 4]
    assert sizes(cache) == (0, 0, 0)
    assert cache.next_due() is None


def test_empty_labels_and_properties_are_labels_and_properties(cache: ConnectionCache) -> None:
    cache.save_dest(NOW, 2, b"", b"", b"")
    cache.save_endp(NOW, 2, b"", b"", 3)
    assert find_dest(cache, b"") == (b"", b"", 3)
