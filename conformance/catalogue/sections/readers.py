"""Readers: an answer of any size arrives whole at a client that takes its time."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_WHOLE = "a write of this length byte by byte tells nothing that the shorter ones don't"

#: Below, at and above what a socket takes in before its reader reads (212,992 bytes on a stock Linux).
_SIZES = (4_096, 65_536, 163_840, 212_970, 212_992, 213_100, 300_000, 600_000, 2**20 - 200)


def _endpoint(size: int) -> str:
    return f"""
        save_endp E x*{size}~y A ttl=9
        save_endp E Q B ttl=9
        >> request=find_endp label=E .
        pass 1
        << status=0 property=x*{size}~y .
        >> dummy
        << [A]
        >> dummy
        find_endp E = Q B
        """


def _destination(size: int) -> str:
    return f"""
        save_dest D y~x*{size // 2} E ttl=9
        save_endp E z~x*{size // 2}~y A ttl=9
        save_endp E Q B ttl=9
        >> request=find_dest label=D .
        pass 1
        << status=0 property=y~x*{size // 2} property=z~x*{size // 2}~y .
        >> dummy
        << [A]
        >> dummy
        find_dest D = y~x*{size // 2} Q B
        """


def _cases() -> Iterator[Case]:
    for number, size in enumerate(_SIZES, 1):
        for kind, dialogue in (("endpoint", _endpoint(size)), ("destination", _destination(size))):
            yield case(
                f"reader/{kind}/{number}",
                f"An answer of {size} bytes by {kind} arrives whole, with its session, when it is read late.",
                "wire.no-limit wire.find_dest wire.find_endp",
                dialogue,
                options={"connection_cache_ttl_limit": "10"},
                whole=_WHOLE,
            )


CASES = tuple(_cases())
