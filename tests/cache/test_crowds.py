from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scache.cache.crowds import Crowds
from scache.cache.entries import Endpoint


def grow(crowds: Crowds, endpoint: Endpoint, step: int) -> None:
    endpoint.sessions += step
    crowds.changed(endpoint, endpoint.sessions - step)


def test_where_each_endpoint_has_one_session_none_is_the_largest() -> None:
    crowds, endpoint = Crowds(), Endpoint(b"E")
    assert crowds.largest() is None
    for step in (1, 1, -1):
        grow(crowds, endpoint, step)
    assert crowds.largest() is None


def test_of_those_with_most_sessions_the_one_that_has_had_them_longest_is_the_largest() -> None:
    crowds, first, second = Crowds(), Endpoint(b"1"), Endpoint(b"2")
    for endpoint in (second, first, first, second):
        grow(crowds, endpoint, 1)
    assert crowds.largest() is first
    grow(crowds, second, 1)
    assert crowds.largest() is second
    grow(crowds, second, -1)
    assert crowds.largest() is first


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_the_largest_is_what_a_look_at_all_endpoints_finds(steps: list[tuple[int, bool]]) -> None:
    crowds = Crowds()
    endpoints = [Endpoint(b"%d" % number) for number in range(4)]
    since = dict.fromkeys(endpoints, 0)
    for moment, (number, grows) in enumerate(steps, 1):
        endpoint = endpoints[number]
        if grows or endpoint.sessions:
            grow(crowds, endpoint, 1 if grows else -1)
            since[endpoint] = moment
        most = max(endpoint.sessions for endpoint in endpoints)
        largest = min((e for e in endpoints if e.sessions == most), key=since.__getitem__)
        assert crowds.largest() is (largest if most > 1 else None)
