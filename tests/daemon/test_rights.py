"""Descriptors that ride on bytes."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator

import pytest

from scache import rights

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    near, far = socket.socketpair()
    yield near, far
    near.close()
    far.close()


def identities(descriptors: list[int]) -> list[tuple[int, int]]:
    return [(status.st_dev, status.st_ino) for status in map(os.fstat, descriptors)]


@pytest.mark.parametrize("count", [0, 1, 2, rights.MOST_DESCRIPTORS])
def test_what_is_sent_arrives_in_its_order_and_close_on_exec(pair: Pair, count: int) -> None:
    pipes = [os.pipe() for _ in range(2)]
    ends = [end for pipe in pipes for end in pipe]
    sent = [ends[number % len(ends)] for number in range(count)]
    assert rights.send(pair[0], b"abc", sent) == 3
    data, received, dropped = rights.receive(pair[1], 10, rights.room_for(rights.MOST_DESCRIPTORS))
    assert (data, dropped) == (b"abc", False)
    assert identities(received) == identities(sent)
    assert all(fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC for descriptor in received)
    for descriptor in (*ends, *received):
        os.close(descriptor)


def test_what_finds_no_room_is_dropped_and_said_so(pair: Pair) -> None:
    reading, writing = os.pipe()
    rights.send(pair[0], b"a", [reading] * 9)
    data, received, dropped = rights.receive(pair[1], 1, rights.room_for(2))
    assert (data, dropped) == (b"a", True)
    assert len(received) <= 3
    for descriptor in (reading, writing, *received):
        os.close(descriptor)


def test_the_end_of_input_has_neither_bytes_nor_descriptors(pair: Pair) -> None:
    pair[0].close()
    assert rights.receive(pair[1], 1, rights.room_for(1)) == (b"", [], False)
