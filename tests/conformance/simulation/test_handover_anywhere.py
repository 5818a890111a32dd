"""A dialogue of two clients, a reload behind each of its steps, and a fault some turns after that."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from conformance.simulation.actors.options import Options, draw_options
from conformance.simulation.campaign.run import replay
from conformance.simulation.checks.situation import Situation
from conformance.simulation.world.step import Step
from scache.protocol.dialect import POSTFIX_3_6

pytestmark = pytest.mark.lasting

ALL = 1 << 20
TURNS = 9  # of the handover before the fault, at most


def plain() -> Options:
    options = draw_options(1)
    parameters = {
        **dict(options.parameters),
        "ttl_limit": 60,
        "max_idle": 100,
        "ipc_timeout": 100,
        "handover": True,
        "watch": True,
        "keep_unclaimed": True,
        "goodbye": b"QUIT\r\n",
        "session_limit": 0,
        "endpoint_session_limit": 1000,
        "binding_limit": 1000,
        "destination_binding_limit": 1000,
        "cache_size_limit": 1 << 20,
        "client_limit": 1000,
        "unfinished_limit": 1 << 20,
        "unread_limit": 1 << 20,
    }
    return replace(
        options,
        dialect=POSTFIX_3_6,
        backlog=100,
        capacity=1 << 20,
        descriptor_limit=1000,
        message_limit=20_000,
        parameters=tuple(parameters.items()),
    )


WORLDS = {
    "plain": plain(),
    "sockets of 20 bytes": replace(plain(), capacity=20),
    "no descriptor to spare": replace(plain(), descriptor_limit=9),
    "nobody may wait": replace(plain(), backlog=0),
}


def asks(number: int, *question: str | bytes | int) -> list[Step]:
    """A client asks, and does its part until all is done."""
    go_on: list[Step] = [("turn", 0), ("read", number, ALL), ("write", number, ALL)]
    return [("ask", number, *question), ("write", number, ALL), *go_on * 4]


SCRIPT: list[Step] = [
    ("connect", 1, False),
    ("connect", 2, False),
    *[step for number in (1, 2) for step in (("turn", 0), ("read", number, ALL))],  # type: ignore[list-item]
    *asks(1, "save_dest", 60, b"D", b"dp", b"E"),
    *asks(1, "save_endp", 60, b"E", b"p1"),
    *asks(1, "save_endp", 60, b"E", b"p2"),
    ("speak", 0),
    *asks(2, "find_dest", b"D"),
    *asks(2, "save_endp", 60, b"F", b"p3"),
]

FAULTS: dict[str, Step] = {
    "nothing": ("turn", 0),
    "the next daemon is reloaded": ("reload",),
    "the next daemon is killed": ("kill", 0),
    "the leaving daemon is killed": ("kill", 1),
    "the leaving daemon is terminated": ("terminate", 1),
    "time passes": ("advance", 60),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("world", WORLDS)
def test_nothing_is_lost_or_left_behind_without_a_reason(world: str, fault: str) -> None:
    happened: Counter[Situation] = Counter()
    for place in range(len(SCRIPT)):
        turns: list[Step] = [("turn", number) for number in range(1 + place % TURNS)]
        steps = [*SCRIPT[:place], ("reload",), *turns, FAULTS[fault], *SCRIPT[place:]]
        outcome = replay(WORLDS[world], steps)
        assert outcome.violation is None, (place, outcome.violation)
        happened += outcome.happened
    assert happened[Situation.HANDED_OVER]
