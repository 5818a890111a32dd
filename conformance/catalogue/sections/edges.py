"""Edges: empty, equal and different fields in every combination, saved, refreshed, found, refreshed again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"
_LONG = {"connection_cache_ttl_limit": "100"}

#: Texts of a field: the empty one and two others.
_TEXTS = ('""', "a", "b")

_Pair = tuple[str, str]


def _two_bindings(property_: str, endpoint: str) -> Iterator[str]:
    """One binding, and then each of nine others of the same destination, that may be the same."""
    first = (property_, endpoint)
    for number, second in enumerate(product(_TEXTS, _TEXTS)):
        yield from _saved_twice(f"D{number}", first, second)


def _saved_twice(destination: str, first: _Pair, second: _Pair) -> Iterator[str]:
    """The first lives for one second, the second for two, and then again the other way round."""
    yield f"save_dest {destination} {first[0]} {first[1]} ttl=1"
    yield f"save_dest {destination} {second[0]} {second[1]} ttl=2"
    yield f"save_endp {second[1]} Q A ttl=50"
    oldest = first if first[1] == second[1] else second
    yield f"find_dest {destination} = {oldest[0]} Q A"
    yield "advance 1"
    yield f"save_endp {first[1]} R B ttl=50"
    if first[1] == second[1]:
        yield f"find_dest {destination} = {second[0]} R B"
    else:
        yield f"find_dest {destination} = miss"
        yield f"find_endp {first[1]} = R B"
    # The first once more: behind the second where that is another, or a refresh of it.
    yield f"save_dest {destination} {first[0]} {first[1]} ttl=3"
    yield f"save_endp {first[1]} S C ttl=50"
    again = second if first[1] == second[1] else first
    yield f"find_dest {destination} = {again[0]} S C"
    yield "advance 1"
    yield f"save_endp {first[1]} T A ttl=50"
    yield f"find_dest {destination} = {first[0]} T A"
    yield "advance 2"
    yield f"save_endp {first[1]} U A ttl=50"
    yield f"find_dest {destination} = miss"
    yield f"find_endp {first[1]} = U A"


def _two_sessions(label: str, property_: str) -> Iterator[str]:
    for other, second in product(_TEXTS, _TEXTS):
        yield f"save_endp {label} {property_} A"
        yield f"save_endp {other} {second} B"
        yield f"find_endp {label} = {property_} A"
        yield f"find_endp {other} = {second} B"
        yield f"find_endp {label} = miss"


def _replies() -> Iterator[str]:
    """Each pair of properties under each pair of labels."""
    for destination, bound, endpoint, own in product(_TEXTS, repeat=4):
        yield f"save_dest {destination} {bound} {endpoint}"
        yield f"save_endp {endpoint} {own} A"
        yield f"find_dest {destination} = {bound} {own} A"
        yield f"find_dest {destination} = miss"
        yield "advance 2"


def _nth(lives: dict[int, int]) -> Iterator[str]:
    """Twelve bindings of a destination, of which one is refreshed, for each: what lives at each second."""
    for number in range(12):
        yield from (f"save_dest D{number} P{place} E{number}.{place} ttl=5" for place in range(12))
        yield f"save_dest D{number} P{number} E{number}.{number} ttl={lives[1]}"
    for second in range(1, 9):
        yield "advance 1"
        if second not in (lives[1] - 1, lives[1], 4, 5):
            continue
        for number in range(12):
            for place in {0, number, (number + 1) % 12, 11}:
                life = lives[place == number]
                yield f"save_endp E{number}.{place} Q A ttl=1"
                if second < life:
                    yield f"find_dest D{number} = P{place} Q A"
                else:
                    yield f"find_dest D{number} = miss"
                    yield f"find_endp E{number}.{place} = Q A"


def _placed(count: int, refreshed: int) -> Iterator[str]:
    """Bindings of a destination, of which one is refreshed: each stays in its place, and so do the sessions
    of its endpoint.
    """
    name = f"{count}.{refreshed}"
    yield from (f"save_dest D{name} Q{place} E{name}.{place} ttl=50" for place in range(count))
    yield f"save_dest D{name} Q{refreshed} E{name}.{refreshed} ttl=60"
    for place in reversed(range(count)):
        yield f"save_endp E{name}.{place} P A ttl=50"
        yield f"save_endp E{name}.{place} R B ttl=50"
    for place in range(count):
        yield f"find_dest D{name} = Q{place} P A"
        yield f"find_dest D{name} = Q{place} R B"
    yield f"find_dest D{name} = miss"


def _dummies() -> Iterator[str]:
    """Each dummy of each find: with a value, which doesn't matter, and a list without it, which does."""
    for kind, find, reply in (
        ("endp", "request=find_endp label=E", "status=0 property=P"),
        ("dest", "request=find_dest label=D", "status=0 property=Q property=P"),
    ):
        missed = (
            "log warning: missing attribute dummy in input from scache socket\n"
            f"log warning: scache_find_{kind}_service: cannot send file descriptor: REASON"
        )
        yield "save_dest D Q E\nsave_endp E P A\nsave_endp E P B\nsave_endp E P C"
        yield f">> {find} .\n<< {reply} .\n>> dummy=x .\n<< [A]\n>> dummy=y ."
        yield f">> {find} .\n<< {reply} .\n>> .\n{missed}\nfree B"
        yield f">> {find} .\n<< {reply} .\n>> dummy\n<< [C]\n>> .\n{missed}"


def _cases() -> Iterator[Case]:
    yield case(
        "edge/dummy/1",
        "The value of either dummy of either find doesn't matter; a list without it doesn't pass for one.",
        "dialect.read-wait dialect.write-wait fd.no-dummy",
        "\n".join(_dummies()),
    )
    yield case(
        "edge/place/1",
        "Any of up to seven bindings, refreshed, stays in its place, and the others in theirs.",
        "cache.refresh cache.find_dest",
        "\n".join(line for count in range(1, 8) for place in range(count) for line in _placed(count, place)),
        options=_LONG,
        whole=_WHOLE,
    )
    for number, life in enumerate((2, 8), 1):
        yield case(
            f"edge/nth/{number}",
            f"Any of twelve bindings, refreshed from 5 to {life} seconds, lives so, the others as before.",
            "cache.refresh expiry.refresh",
            "\n".join(_nth({False: 5, True: life})),
            options=_LONG,
            whole=_WHOLE,
        )
    for number, (property_, endpoint) in enumerate(product(_TEXTS, _TEXTS), 1):
        shown = f"property {property_} and endpoint {endpoint}".replace('""', "empty")
        yield case(
            f"edge/binding/{number}",
            f"A binding of {shown} is the same as one of nine others, and no refresh of the rest.",
            "cache.refresh expiry.refresh cache.names",
            "\n".join(_two_bindings(property_, endpoint)),
            options=_LONG,
            whole=_WHOLE,
        )
    for number, (label, property_) in enumerate(product(_TEXTS, _TEXTS), 1):
        shown = f"endpoint {label} and property {property_}".replace('""', "empty")
        yield case(
            f"edge/session/{number}",
            f"A session of {shown} and one of each other pair stay two, in their order.",
            "cache.save_endp cache.find_endp cache.names",
            "\n".join(_two_sessions(label, property_)),
            whole=_WHOLE,
        )
    yield case(
        "edge/reply/1",
        "Destination, property, endpoint and property may be empty or equal in every combination.",
        "cache.names cache.find_dest",
        "\n".join(_replies()),
        whole=_WHOLE,
    )


CASES = tuple(_cases())
