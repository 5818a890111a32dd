"""Dialect: the steps of every exchange in the four combinations of the two waits."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case
from scache.protocol.dialect import Dialect

__all__ = ["CASES"]

_WORDS = {True: "with", False: "without"}

#: Groups of three cases a dialect, in this order of write-wait and read-wait.
_DIALECTS = tuple(
    Dialect(announcement=announcement, write_wait=write_wait, read_wait=read_wait)
    for announcement in (True, False)
    for write_wait in (True, False)
    for read_wait in (True, False)
)


def _name(dialect: Dialect) -> str:
    return (
        f"{_WORDS[dialect.announcement]} announcement, {_WORDS[dialect.write_wait]} write-wait, "
        f"{_WORDS[dialect.read_wait]} read-wait"
    )


def _of(number: int, dialect: Dialect) -> Iterator[Case]:
    hello = "<< protocol=connection_cache_protocol ." if dialect.announcement else "<< nothing"
    yield case(
        f"dialect/{number}/1",
        f"save_endp, {_name(dialect)}.",
        "dialect.steps dialect.write-wait dialect.announcement",
        f"""
        connect silent
        {hello}
        >> request=save_endp ttl=2 label=E property=P .
        {"<< dummy" if dialect.write_wait else "<< nothing"}
        >> [A]
        << status=0 .
        """,
        dialect=dialect,
    )
    asks = ["<< status=0 property=P .", ">> dummy", "<< [A]"] if dialect.write_wait else []
    comes = asks or ["<< 'status\\0' '0\\0' property=P . [A]"]
    yield case(
        f"dialect/{number}/2",
        f"A hit, {_name(dialect)}; the next request is served.",
        "dialect.steps dialect.write-wait dialect.read-wait",
        "\n".join(
            [
                "save_endp E P A",
                ">> request=find_endp label=E .",
                *comes,
                *([">> dummy"] if dialect.read_wait else []),
                "<< nothing",
                "find_endp E = miss",
            ]
        ),
        dialect=dialect,
    )
    yield case(
        f"dialect/{number}/3",
        f"A miss, and a bad request, have no further step, {_name(dialect)}.",
        "dialect.steps",
        """
        find_dest D = miss
        >> request=find_dest .
        << status=1 property= property= .
        << nothing
        log warning: missing attribute label in input from scache socket
        log warning: scache_find_dest_service: bad or missing request parameter
        save_dest D DP E
        save_endp E P A
        find_dest D = DP P A
        """,
        dialect=dialect,
    )


def _exact() -> Iterator[Case]:
    """Without the write-wait both sides read exactly, so that no descriptor rides on a byte read plainly."""
    for number, dialect in enumerate(each for each in _DIALECTS if not each.write_wait):
        yield case(
            f"dialect/exact/{number + 1}",
            f"A descriptor that follows its request at once is received, {_name(dialect)}.",
            "dialect.exact",
            """
            connect
            >> request=save_endp ttl=2 label=E property=P .
            >> [A]
            << status=0 .
            find_endp E = P A
            """,
            dialect=dialect,
        )


CASES = (*(each for number, dialect in enumerate(_DIALECTS, 1) for each in _of(number, dialect)), *_exact())
