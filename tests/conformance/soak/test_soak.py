"""The soak: what its clients know, and that a short one finds nothing."""

from __future__ import annotations

import os
import socket

import pytest

from conformance.soak.book import Book, Saved
from conformance.soak.soak import Result, Soak
from conformance.soak.worker import Report

LABEL = b"smtp"


class Cache:
    """A book of sessions, and the near ends of these."""

    def __init__(self, count: int) -> None:
        self.near: list[socket.socket] = []
        self.book = Book({LABEL: [self._saved(number) for number in range(count)]})

    def _saved(self, number: int) -> Saved:
        near, remote = socket.socketpair()
        self.near.append(near)
        return Saved(b"p%d" % number, os.fstat(near.fileno()).st_ino, remote)

    def find(self, number: int, prop: bytes, *, settled: bool = True) -> None:
        self.book.found(LABEL, prop, self.near[number].fileno(), settled=settled)

    def close(self) -> None:
        for saved in self.book.endpoints[LABEL]:
            saved.remote.close()
        for near in self.near:
            near.close()


@pytest.fixture
def cache() -> Cache:
    return Cache(2)


def test_the_oldest_with_its_property_is_right(cache: Cache) -> None:
    cache.find(0, b"p0")
    cache.find(1, b"p1")
    cache.book.missed(LABEL, settled=True)
    assert cache.book.wrong == []
    cache.close()


def test_another_one_is_wrong_unless_a_handover_goes_on(cache: Cache) -> None:
    cache.find(1, b"p1", settled=False)
    assert cache.book.wrong == []
    cache.close()
    cache = Cache(2)
    cache.find(1, b"p1")
    assert cache.book.wrong == ["b'smtp': a later session came before 1 earlier ones"]
    cache.close()


def test_another_property_a_stranger_and_a_miss_are_wrong(cache: Cache) -> None:
    cache.book.missed(LABEL, settled=False)
    assert cache.book.wrong == []
    cache.book.missed(LABEL, settled=True)
    cache.find(0, b"p9", settled=False)
    with open("/dev/null") as stranger:
        cache.book.found(LABEL, b"p1", stranger.fileno(), settled=False)
    assert cache.book.wrong == [
        "b'smtp': a miss, though a session is cached",
        "b'smtp': b'p0' came with b'p9'",
        "b'smtp': another endpoint's session came",
    ]
    cache.close()


def test_a_session_that_is_closed_while_it_should_be_cached_is_lost(cache: Cache) -> None:
    cache.book.endpoints[LABEL][1].certain = False
    for near in cache.near:
        near.close()
    cache.book.forget_closed()
    assert (cache.book.lost, cache.book.count()) == (1, 0)


@pytest.mark.parametrize(
    ("result", "fault"),
    [
        (Result(report=Report(lost=1)), "1 sessions were lost"),
        (Result(before=8, after=9), "9 descriptors are open at the end, 8 at the beginning"),
        (Result(resident=[10, 10, 10, 12, 12, 12]), "memory grew by 20%"),
        (Result(idle=0.02), "the idle daemon takes 2.0% of a processor"),
        (Result(bad_ends=[1]), "a daemon ended with status 1"),
    ],
)
def test_what_is_not_as_it_should_be_is_a_fault(result: Result, fault: str) -> None:
    assert result.faults() == [fault]
    assert Result().faults() == []


@pytest.mark.slow
def test_a_short_soak_finds_nothing() -> None:
    result = Soak(20, 1, print).run(0.4)
    assert result.faults() == []
    assert len(result.handovers) >= 2
