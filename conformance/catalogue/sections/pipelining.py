"""Pipelining: what is read together with a request, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_WHOLE = "it is about bytes that are read together"
_LONG_WRITE = "a write of this length byte by byte tells nothing that the shorter ones don't"
_UNEXPECTED = "log warning: unexpected attribute"
_OVERHEAD = 26  # bytes of a find_endp request beside its label


def _glued_at(size: int) -> str:
    """A find_endp of this many bytes and another one behind it, in one write."""
    return f'>> request=find_endp label="L"*{size - _OVERHEAD} . request=find_endp label=F .'


def _borders() -> Iterator[Case]:
    yield case(
        "pipelining/border/1",
        "A second request that begins in the next 4,096 bytes wasn't read with the first: it is answered.",
        "after.discard after.buffer",
        f"""
        {_glued_at(4096)}
        << status=2 property= . status=2 property= .
        """,
        whole=_LONG_WRITE,
    )
    yield case(
        "pipelining/border/2",
        "A second request of which one byte was read with the first loses that byte.",
        "after.discard after.buffer after.resync",
        f"""
        {_glued_at(4095)}
        << status=2 property= .
        {_UNEXPECTED} equest from scache socket (expecting: request)
        {_UNEXPECTED} find_endp from scache socket (expecting: request)
        {_UNEXPECTED} label from scache socket (expecting: request)
        {_UNEXPECTED} F from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
        whole=_WHOLE,
    )
    yield case(
        "pipelining/border/3",
        "A request over the border: what was read with its second part is thrown away.",
        "after.discard after.buffer",
        f"""
        {_glued_at(4097)}
        << status=2 property= .
        """,
        whole=_WHOLE,
    )


CASES = (
    case(
        "pipelining/discard/1",
        "Of two finds in one write the first alone is answered.",
        "after.discard",
        """
        >> request=find_endp label=E . request=find_endp label=F .
        << status=2 property= .
        log nothing
        find_endp G = miss
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/2",
        "Of save_dest and find_dest in one write the save alone is carried out.",
        "after.discard",
        """
        save_endp E P A
        >> request=save_dest ttl=2 label=D property=DP label=E . request=find_dest label=D .
        << status=0 .
        find_dest D = DP P A
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/3",
        "Of three requests in one write the first alone is answered.",
        "after.discard",
        """
        >> request=find_endp label=E . request=find_endp label=F . request=find_dest label=D .
        << status=2 property= .
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/4",
        "Junk behind a malformed request is gone with the error reply.",
        "after.discard",
        """
        >> request=find_endp foo=bar 'junk, and no end of it'
        << status=1 property= .
        log warning: unexpected attribute foo from scache socket (expecting: label)
        log warning: scache_find_endp_service: bad or missing request parameter
        find_endp E = miss
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/5",
        "Half a request behind a whole one is gone; its rest is scanned as a new message.",
        "after.discard after.resync",
        f"""
        >> request=find_endp label=E . 'request\\0' 'find_'
        << status=2 property= .
        >> 'endp\\0' label=F .
        << nothing
        {_UNEXPECTED} endp from scache socket (expecting: request)
        {_UNEXPECTED} label from scache socket (expecting: request)
        {_UNEXPECTED} F from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/6",
        "Two requests in two writes, the second before the first reply is read, are both answered.",
        "after.discard",
        """
        >> request=find_endp label=E .
        << status=2 property= .
        >> request=find_endp label=F .
        << status=2 property= .
        """,
    ),
    case(
        "pipelining/discard/7",
        "A request behind an unknown one is gone with the reply.",
        "after.discard wire.unknown",
        """
        >> request=frobnicate . request=find_endp label=F .
        << status=1 .
        log warning: unrecognized request: "frobnicate", ignored
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/discard/8",
        "A request behind a list without a reply is served: nothing was written, nothing is thrown away.",
        "after.resync after.discard",
        f"""
        >> foo=bar . request=find_endp label=E .
        << status=2 property= .
        {_UNEXPECTED} foo from scache socket (expecting: request)
        {_UNEXPECTED} bar from scache socket (expecting: request)
        log warning: missing attribute request in input from scache socket
        """,
    ),
    case(
        "pipelining/dummy/1",
        "The last dummy of a hit glued to the next request doesn't lose it.",
        "after.final-dummy seed.do-while",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy
        << [A]
        >> dummy request=find_endp label=Q .
        << status=2 property= .
        """,
    ),
    case(
        "pipelining/dummy/2",
        "What smtp(8) sends: the last dummy and save_dest in one write.",
        "after.final-dummy seed.do-while",
        """
        save_dest D DP E
        save_endp E P A
        >> request=find_dest label=D .
        << status=0 property=DP property=P .
        >> dummy
        << [A]
        >> dummy request=save_dest ttl=2 label=D property=DP label=E .
        << status=0 .
        save_endp E P2 B
        find_dest D = DP P2 B
        """,
    ),
    case(
        "pipelining/dummy/3",
        "The last dummy, the next hit's request in one write: that hit goes on as always.",
        "after.final-dummy",
        """
        save_endp E P1 A
        save_endp E P2 B
        >> request=find_endp label=E .
        << status=0 property=P1 .
        >> dummy
        << [A]
        >> dummy request=find_endp label=E .
        << status=0 property=P2 .
        >> dummy
        << [B]
        >> dummy
        find_endp E = miss
        """,
    ),
    case(
        "pipelining/dummy/4",
        "Both dummies of a hit in one write are both taken.",
        "after.final-dummy dialect.read-wait",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy dummy
        << [A]
        find_endp Q = miss
        """,
    ),
    case(
        "pipelining/dummy/5",
        "Dummies glued to the find itself are thrown away with its reply: they are due again.",
        "after.discard dialect.write-wait",
        """
        save_endp E P A
        >> request=find_endp label=E . dummy dummy
        << status=0 property=P .
        >> dummy
        << [A]
        >> dummy
        find_endp Q = miss
        """,
        whole=_WHOLE,
    ),
    case(
        "pipelining/dummy/6",
        "Both dummies and the next request in one write: all are taken.",
        "after.final-dummy",
        """
        save_endp E P A
        >> request=find_endp label=E .
        << status=0 property=P .
        >> dummy dummy request=find_endp label=Q .
        << [A] 'status\\0' '2\\0' property= .
        """,
    ),
    case(
        "pipelining/clients/1",
        "What one client's reply throws away is its own: another client's bytes stay.",
        "after.discard",
        """
        a: connect
        b: >> request=find_endp
        a: >> request=find_endp label=E . request=find_endp label=F .
        b: >> label=G .
        a: << status=2 property= .
        b: << status=2 property= .
        """,
        whole=_WHOLE,
    ),
    *_borders(),
)
