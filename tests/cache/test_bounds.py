"""The bounds that Postfix doesn't have: what they refuse, what they close, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from scache.cache.service import Service
from scache.config.settings import Settings
from tests.support.pretended_sessions import PretendedSessions

NOW = 1_800_000_000

NO_ROOM_FOR_A_SESSION = "no room for a session: see scache_cache_size_limit"
NO_ROOM_FOR_A_BINDING = (
    "no room for a binding: see scache_binding_limit, scache_destination_binding_limit, "
    "scache_cache_size_limit"
)
TOO_MANY_SESSIONS = "too many sessions: see scache_session_limit, scache_endpoint_session_limit"


class Served:
    """A service with its settings by name, which keeps what it told the world."""

    def __init__(self, **settings: int) -> None:
        self.sessions = PretendedSessions()
        self.bounds_met: list[str] = []
        chosen = Settings(**({"ttl_limit": 10} | settings))  # type: ignore[arg-type]
        self.service = Service(chosen, self.sessions, self.bounds_met.append)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.service, name)

    def save(self, *descriptors: int, endpoint: bytes = b"E") -> None:
        for descriptor in descriptors:
            assert self.save_endp(NOW, 9, endpoint, b"EP", descriptor)

    def bind(self, *endpoints: bytes, destination: bytes = b"D") -> list[bool]:
        return [self.save_dest(NOW, 9, destination, b"DP", endpoint) for endpoint in endpoints]

    def find(self, endpoint: bytes = b"E") -> list[int]:
        """Find all that the endpoint has: their descriptors."""
        descriptors = []
        while (found := self.find_endp(endpoint)) is not None:
            descriptors.append(found.session.descriptor)
        return descriptors


def test_a_session_without_room_is_refused_and_left_to_the_caller() -> None:
    service = Served(cache_size_limit=5)
    assert not service.save_endp(NOW, 9, b"E", b"12345", 3)
    assert service.bounds_met == [NO_ROOM_FOR_A_SESSION]
    assert service.sizes == (0, 0, 0)
    assert (service.sessions.closed, service.sessions.discarded) == ([], [])
    assert service.save_endp(NOW, 9, b"E", b"1234", 3)
    assert not service.save_endp(NOW, 9, b"", b"x", 4)
    assert service.save_endp(NOW, 9, b"", b"", 4)
    assert service.find() == [3]
    assert service.save_endp(NOW, 9, b"F", b"1234", 5)


def test_sessions_and_bindings_share_the_room_until_they_go() -> None:
    service = Served(cache_size_limit=6)
    assert service.save_dest(NOW, 2, b"D", b"P", b"E")
    assert not service.save_endp(NOW, 9, b"E", b"123", 3)
    assert service.save_endp(NOW, 1, b"E", b"12", 3)
    assert not service.save_dest(NOW, 2, b"F", b"", b"")
    assert [session.descriptor for session in service.expire(NOW + 1)] == [3]
    assert service.save_dest(NOW, 2, b"F", b"", b"EE")
    assert list(service.expire(NOW + 2)) == []
    assert service.save_endp(NOW, 9, b"E", b"12345", 4)


BINDING_BOUNDS: list[tuple[dict[str, int], list[tuple[bytes, bytes, bytes]], tuple[bytes, bytes, bytes]]] = [
    ({"binding_limit": 2}, [(b"D", b"", b"E"), (b"D", b"", b"F")], (b"G", b"", b"E")),
    ({"binding_limit": 2}, [(b"D", b"", b"E"), (b"G", b"", b"F")], (b"D", b"P", b"E")),
    ({"destination_binding_limit": 2}, [(b"D", b"", b"E"), (b"D", b"", b"F")], (b"D", b"", b"G")),
    ({"cache_size_limit": 5}, [(b"D", b"P", b"E")], (b"DD", b"", b"E")),
    ({"cache_size_limit": 5}, [(b"D", b"P", b"E")], (b"D", b"P", b"F")),
    ({"cache_size_limit": 2}, [], (b"D", b"P", b"E")),
]


@pytest.mark.parametrize(("bound", "saved", "beyond"), BINDING_BOUNDS)
def test_a_binding_beyond_a_bound_is_refused_and_those_before_can_be_refreshed(
    bound: dict[str, int], saved: list[tuple[bytes, bytes, bytes]], beyond: tuple[bytes, bytes, bytes]
) -> None:
    service = Served(**bound)
    for binding in saved:
        assert service.save_dest(NOW, 9, *binding)
    assert service.bounds_met == []
    sizes = service.sizes
    assert not service.save_dest(NOW, 9, *beyond)
    assert service.bounds_met == [NO_ROOM_FOR_A_BINDING]
    assert service.sizes == sizes
    for binding in saved:
        assert service.save_dest(NOW, 9, *binding)
    assert service.bounds_met == [NO_ROOM_FOR_A_BINDING]


def test_another_destination_has_bindings_of_its_own() -> None:
    service = Served(destination_binding_limit=1)
    assert service.bind(b"E", b"F") == [True, False]
    assert service.bind(b"E", destination=b"G") == [True]


def test_an_endpoint_with_too_many_sessions_loses_its_oldest() -> None:
    service = Served(endpoint_session_limit=2)
    service.save(7, endpoint=b"F")
    service.save(3, 4)
    assert (service.bounds_met, service.sessions.closed) == ([], [])
    service.save(5)
    assert (service.bounds_met, service.sessions.closed) == ([TOO_MANY_SESSIONS], [3])
    assert service.find() == [4, 5]
    assert service.find(b"F") == [7]


def test_beyond_the_number_of_sessions_the_endpoint_that_has_most_loses_its_oldest() -> None:
    service = Served(session_limit=4)
    service.save(3, endpoint=b"F")
    service.save(4, 5)
    service.save(6, endpoint=b"G")
    assert service.sessions.closed == []
    service.save(7, endpoint=b"H")
    assert service.sessions.closed == [4]
    assert service.bounds_met == [TOO_MANY_SESSIONS]
    assert service.sizes == (0, 4, 4)


def test_where_each_endpoint_has_one_session_that_of_the_oldest_endpoint_goes() -> None:
    service = Served(session_limit=2)
    for descriptor, endpoint in ((3, b"F"), (4, b"E"), (5, b"G")):
        service.save(descriptor, endpoint=endpoint)
    assert service.sessions.closed == [3]


def test_a_session_limit_of_one_is_a_limit_and_that_of_zero_is_none() -> None:
    one, none = Served(session_limit=1), Served(session_limit=0)
    for service in (one, none):
        service.save(3, 4)
    assert one.sessions.closed == [3]
    assert none.sessions.closed == []


def test_what_is_no_connection_is_refused_where_it_is_told_to_and_left_to_the_caller() -> None:
    service = Served(streams_only=True)
    service.sessions.no_connections.add(3)
    assert not service.save_endp(NOW, 9, b"E", b"EP", 3)
    assert service.bounds_met == ["a descriptor is no connected stream socket: see scache_accept"]
    service.save(4)
    assert service.find() == [4]


def test_else_anything_is_saved() -> None:
    service = Served()
    service.sessions.no_connections.add(3)
    service.save(3)
    assert service.find() == [3]


def test_as_many_sessions_as_the_bound_are_kept_though_one_endpoint_has_them_all() -> None:
    served = Served(session_limit=2)
    served.save(3, 4)
    assert (served.sessions.closed, served.bounds_met) == ([], [])
    served.save(5)
    assert (served.sessions.closed, served.bounds_met) == ([3], [TOO_MANY_SESSIONS])


def test_an_endpoint_has_its_bound_where_the_cache_is_far_from_its_own() -> None:
    served = Served(session_limit=10, endpoint_session_limit=1)
    served.save(3, 4)
    assert served.sessions.closed == [3]
