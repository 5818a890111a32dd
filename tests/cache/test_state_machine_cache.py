"""ConnectionCache against the bench's list-based model, with time moving."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from conformance.reference.cache import ReferenceCache, Session
from scache.cache.connection_cache import ConnectionCache
from scache.cache.entries import Found
from scache.config.settings import Settings

pytestmark = pytest.mark.lasting

labels = st.sampled_from([b"", b"a", b"b", b"smtp\n[127.0.0.3]:2503\n", b"\xff"])
properties = st.sampled_from([b"", b"p", b"q"])
ttls = st.integers(1, 9)


class CacheMachine(RuleBasedStateMachine):
    """Both caches get the same calls; every answer, expiry and size must be the same."""

    destinations = Bundle("destinations")
    endpoints = Bundle("endpoints")

    @initialize(ttl_limit=st.integers(1, 6))
    def create(self, ttl_limit: int) -> None:
        self.cache = ConnectionCache(Settings(ttl_limit=ttl_limit))
        self.reference: ReferenceCache[int] = ReferenceCache(ttl_limit)
        self.now = 1_800_000_000
        self.next_descriptor = 7
        self.found: tuple[Found, Session[int]] | None = None
        self.due: list[int] = []  # of the model's expired sessions those that the cache still holds

    @rule(target=destinations, label=labels)
    def name_destination(self, label: bytes) -> bytes:
        return label

    @rule(target=endpoints, label=labels)
    def name_endpoint(self, label: bytes) -> bytes:
        return label

    @rule(ttl=ttls, label=endpoints, prop=properties)
    def save_endp(self, ttl: int, label: bytes, prop: bytes) -> None:
        self.cache.save_endp(self.now, ttl, label, prop, self.next_descriptor)
        self.reference.save_endp(self.now, ttl, label, prop, self.next_descriptor)
        self.next_descriptor += 1

    @rule(ttl=ttls, destination=destinations, prop=properties, endpoint=endpoints)
    def save_dest(self, ttl: int, destination: bytes, prop: bytes, endpoint: bytes) -> None:
        self.cache.save_dest(self.now, ttl, destination, prop, endpoint)
        self.reference.save_dest(self.now, ttl, destination, prop, endpoint)

    @rule(label=endpoints)
    def find_endp(self, label: bytes) -> None:
        found, expected = self.cache.find_endp(label), self.reference.find_endp(label)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            assert (found.properties, found.session.descriptor) == ((expected.endp_prop,), expected.handle)
            self.found = found, expected

    @rule(label=destinations)
    def find_dest(self, label: bytes) -> None:
        found, expected = self.cache.find_dest(label), self.reference.find_dest(label)
        assert (found is None) == (expected is None)
        if found is not None and expected is not None:
            dest_prop, session = expected
            assert found.properties == (dest_prop, session.endp_prop)
            assert found.session.descriptor == session.handle
            self.found = found, session

    @precondition(lambda self: self.found is not None)
    @rule()
    def put_back(self) -> None:
        assert self.found is not None
        (found, expected), self.found = self.found, None
        assert self.cache.put_back(self.now, found.session) == self.reference.put_back(self.now, expected)

    @rule(seconds=st.integers(-2, 7), most=st.sampled_from([0, 1, 2, 3, 1000]))
    def move_clock(self, seconds: int, most: int) -> None:
        self.now += seconds
        self.due += self.reference.expire(self.now)
        closed = [session.descriptor for session in self.cache.expire(self.now, most)]
        assert closed == self.due[: len(closed)]
        del self.due[: len(closed)]
        assert self.cache.behind or not self.due

    @invariant()
    def sizes_are_equal(self) -> None:
        if hasattr(self, "cache") and not self.cache.behind:
            sizes = (self.cache.destinations, self.cache.endpoints, self.cache.sessions)
            assert sizes == self.reference.sizes()

    @invariant()
    def the_next_due_second_is_never_late(self) -> None:
        if hasattr(self, "cache"):
            due = self.reference.next_due()
            woken = self.cache.next_due()
            assert due is None or (woken is not None and woken <= due)

    def teardown(self) -> None:
        if hasattr(self, "cache"):
            everything = {session.handle for session in self.reference.sessions} | set(self.due)
            assert {session.descriptor for session in self.cache.clear()} == everything
            assert (self.cache.destinations, self.cache.endpoints, self.cache.sessions) == (0, 0, 0)


TestTheCacheAnswersAsItsListBasedModelDoes = CacheMachine.TestCase
TestTheCacheAnswersAsItsListBasedModelDoes.settings = settings(max_examples=200, stateful_step_count=50)
