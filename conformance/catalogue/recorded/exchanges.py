"""The golden exchanges: wire exchanges recorded from a real Postfix, as cases of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count, islice
from typing import Any

from conformance.catalogue.language.model import (
    Case,
    Close,
    Connect,
    Expect,
    Log,
    Reply,
    Send,
    Shutdown,
    Step,
)
from conformance.traces import FOLDER
from scache.protocol.dialect import POSTFIX_3_6

__all__ = ["EXCHANGES", "golden_cases"]

#: Recorded from Postfix 3.7.11.
EXCHANGES = FOLDER / "golden" / "postfix-3.7-exchanges.json"

_BYTE_BY_BYTE = "C> (1 byte at a time)"
_DATA_BYTE = {"hex": "00"}  # alone it is what a descriptor rides on
_STALE_ERRNO = re.compile(r"(warning: \w+: (?:unable to receive|cannot send) file descriptor: ).*")
_RECORDED_WHOLE = "it was recorded as it is"


@cache
def golden_cases() -> tuple[Case, ...]:
    """The exchanges as cases `golden/3.7/NUMBER`, in the order of the file, numbered from 1.

    Each runs on a daemon of its own: what one exchange caches is no other's affair.
    """
    exchanges = json.loads(EXCHANGES.read_text())["exchanges"]
    return tuple(_case(number, exchange) for number, exchange in enumerate(exchanges, 1))


def _case(number: int, exchange: dict[str, Any]) -> Case:
    steps = tuple(_dialogue(exchange["steps"]))
    if exchange["log"]:
        steps += (Log((tuple(map(_without_errno, exchange["log"])),)),)
    return Case(
        id=f"golden/3.7/{number}",
        sentence=f"As recorded: {exchange['name']}.",
        requirements=("golden",),
        steps=steps,
        dialect=POSTFIX_3_6,
        whole=_RECORDED_WHOLE,
    )


def _dialogue(recorded: Sequence[Sequence[Any]]) -> Iterator[Step]:
    """The recorded steps. What the server sent between two steps of the client is one look."""
    names = (f"S{number}" for number in count(1))
    saved: list[str] = []  # tokens of the sessions that were saved and not found yet, oldest first
    looked: Reply | None = None
    yield Connect("a", greeted=False)
    for who, what, *descriptors in recorded:
        if who == "S<":
            tokens = tuple(saved.pop(0) for _ in range(sum(descriptors)))
            looked = _with(looked or Reply(), what, tokens)
            continue
        if looked is not None:
            yield Expect("a", (looked,))
            looked = None
        tokens = tuple(islice(names, sum(descriptors)))
        if what == _DATA_BYTE:
            saved += tokens
        yield from _said(who, what, tokens)
    if looked is not None:
        yield Expect("a", (looked,))


def _with(looked: Reply, what: dict[str, str] | str, tokens: tuple[str, ...]) -> Reply:
    if what == "EOF":
        return Reply(looked.data, looked.tokens, end=True)
    assert isinstance(what, dict)
    return Reply(looked.data + bytes.fromhex(what["hex"]), looked.tokens + tokens)


def _said(who: str, what: dict[str, str] | str, tokens: tuple[str, ...]) -> Iterator[Step]:
    if isinstance(what, str):
        yield Close("a") if what == "close" else Shutdown("a")
        return
    data = bytes.fromhex(what["hex"])
    if who == _BYTE_BY_BYTE:
        for at in range(len(data)):
            yield Send("a", data[at : at + 1])
    else:
        yield Send("a", data, tokens)


def _without_errno(line: str) -> str:
    return _STALE_ERRNO.sub(r"\1REASON", line)
