"""Effects: what an exchange does to the cache, and that it does nothing else, whatever its end.

The same few entries are saved several times under different names. In the next second the exchange is made
with each of these copies, and at each of the seconds that follow one copy is emptied, so that its order and
its lives show.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case
from conformance.catalogue.language.told import Told
from conformance.catalogue.sections.moments import start_of_interval

__all__ = ["CASES"]

_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"

#: Seconds: the longest life, when the exchange is made, and when the copies are looked at.
_LIMIT = 4
_EXCHANGE = 1
_LOOKS = (2, 3, 4, 5)

_NO_DESCRIPTOR = "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
_NOT_SENT = "log warning: scache_find_{}_service: cannot send file descriptor: REASON"
_BAD = "log warning: scache_{}_service: bad or missing request parameter"
_MALFORMED = (
    "log warning: malformed numerical data from scache socket while reading input attribute value: {}"
)

#: Makes an exchange with the copy of this number.
_Exchange = Callable[[Told, int], None]


def _prepare(told: Told, number: int) -> None:
    told.save_dest(f"D{number}", "P1", f"E{number}", 4)
    told.save_dest(f"D{number}", "P2", f"F{number}", 3)
    told.save_dest(f"D{number}", "P3", f"E{number}", 4)
    told.save_endp(f"E{number}", "Q1", "A", 3)
    told.save_endp(f"E{number}", "Q2", "B", 4)
    told.save_endp(f"F{number}", "R1", "C", 3)


def _empty(told: Told, number: int) -> None:
    """Take everything out; a new session of each endpoint shows which bindings lead there."""
    while told.find_dest(f"D{number}"):
        pass
    for endpoint in "EFG":
        told.save_endp(f"{endpoint}{number}", "N", "N", 1)
        told.find_dest(f"D{number}")
        while told.find_endp(f"{endpoint}{number}"):
            pass


def _unchanged(text: str) -> _Exchange:
    """An exchange that leaves the cache as it is; `#` in its lines is the copy's number."""
    return lambda told, number: told.raw(text.replace("#", str(number)))


def _refresh(prop: str, endpoint: str, ttl: int) -> _Exchange:
    return lambda told, number: told.save_dest(f"D{number}", prop, f"{endpoint}{number}", ttl)


def _lost(find: Callable[[Told, str], bool], label: str, text: str) -> _Exchange:
    """A hit whose session doesn't get to its client."""

    def exchange(told: Told, number: int) -> None:
        told.lose(f"{label}{number}", find)
        told.raw(text.replace("#", str(number)))

    return exchange


def _hit(find: Callable[[Told, str], bool], label: str) -> _Exchange:
    def exchange(told: Told, number: int) -> None:
        find(told, f"{label}{number}")

    return exchange


def _both(first: _Exchange, second: _Exchange) -> _Exchange:
    def exchange(told: Told, number: int) -> None:
        first(told, number)
        second(told, number)

    return exchange


def _bad(request: str, words: str, properties: int, warnings: tuple[str, ...] = ()) -> _Exchange:
    reply = "<< status=1 " + "property= " * properties + "."
    return _unchanged("\n".join((f">> request={request} {words} .", reply, *warnings, _BAD.format(request))))


#: Name, what it is in words, and the exchange.
_EXCHANGES: tuple[tuple[str, str, _Exchange], ...] = (
    ("miss-endp", "A lookup by an endpoint that isn't there", _hit(Told.find_endp, "N")),
    ("miss-dest", "A lookup by a destination that isn't there", _hit(Told.find_dest, "N")),
    ("hit-endp", "A hit by endpoint", _hit(Told.find_endp, "E")),
    ("hit-dest", "A hit by destination", _hit(Told.find_dest, "D")),
    (
        "hits",
        "A hit by endpoint and one by destination",
        _both(_hit(Told.find_endp, "F"), _hit(Told.find_dest, "D")),
    ),
    ("session", "A further session", lambda told, number: told.save_endp(f"E{number}", "Q2", "S", 4)),
    (
        "endpoint",
        "Another endpoint's session",
        lambda told, number: told.save_endp(f"G{number}", '""', "S", 4),
    ),
    ("binding", "A further binding", _refresh("P4", "G", 9)),
    ("destination", "Another destination", lambda told, n: told.save_dest(f"X{n}", "P1", f"E{n}", 4)),
    ("refresh-first", "A refresh of the first binding", _refresh("P1", "E", 2)),
    ("refresh-second", "A refresh of the second binding for the same time", _refresh("P2", "F", 3)),
    ("refresh-last", "A refresh of the last binding for longer than is allowed", _refresh("P3", "E", 900)),
    ("refresh-twice", "A refresh and one back", _both(_refresh("P2", "F", 4), _refresh("P2", "F", 1))),
    ("refresh-thrice", "Two refreshes alike", _both(_refresh("P1", "E", 4), _refresh("P1", "E", 4))),
    (
        "ttl-binding",
        "A refresh with a ttl of 0",
        _bad("save_dest", "ttl=0 label=D# property=P1 label=E#", 0),
    ),
    (
        "ttl-negative",
        "A refresh with a negative ttl",
        _bad("save_dest", "ttl=-1 label=D# property=P2 label=F#", 0),
    ),
    (
        "ttl-malformed",
        "A refresh with a malformed ttl",
        _bad("save_dest", "ttl=3x label=D# property=P1 label=E#", 0, (_MALFORMED.format("3x"),)),
    ),
    ("ttl-session", "A session with a ttl of 0", _bad("save_endp", "ttl=0 label=E# property=Q1", 0)),
    (
        "ttl-session-negative",
        "A session with a negative ttl",
        _bad("save_endp", "ttl=-5 label=E# property=Q2", 0),
    ),
    (
        "bad-binding",
        "A binding without its endpoint",
        _bad(
            "save_dest",
            "ttl=4 label=D# property=P1",
            0,
            ("log warning: missing attribute label in input from scache socket",),
        ),
    ),
    (
        "bad-session",
        "A session without its property",
        _bad(
            "save_endp",
            "ttl=4 label=E#",
            0,
            ("log warning: missing attribute property in input from scache socket",),
        ),
    ),
    (
        "unknown",
        "A request of an unknown name",
        _unchanged(
            ">> request=drop_endp label=E# .\n<< status=1 .\n"
            'log warning: unrecognized request: "drop_endp", ignored'
        ),
    ),
    (
        "no-descriptor",
        "A save_endp without its descriptor",
        _unchanged(
            ">> request=save_endp ttl=4 label=E# property=Q1 .\n<< dummy\n>> []\n<< status=2 .\n"
            + _NO_DESCRIPTOR
        ),
    ),
    (
        "gone-saving",
        "A client that goes instead of sending its session",
        _unchanged(
            "b: connect\nb: >> request=save_endp ttl=4 label=E# property=Q1 .\nb: << dummy\nb: close\n"
            + _NO_DESCRIPTOR
        ),
    ),
    (
        "gone-in-message",
        "A client that goes in the middle of a message",
        _unchanged(
            "b: connect\nb: >> request=save_dest ttl=4 label=D# 'prop'\nb: close\n"
            "log warning: unexpected end-of-input from scache socket while reading input attribute name\n"
            + _BAD.format("save_dest")
        ),
    ),
    (
        "gone-finding",
        "A client that goes instead of asking for the session that it was promised by endpoint",
        _lost(
            Told.find_endp,
            "E",
            "b: connect\nb: >> request=find_endp label=E# .\nb: << status=0 property=Q1 .\nb: close\n"
            + _NOT_SENT.format("endp"),
        ),
    ),
    (
        "gone-finding-dest",
        "A client that goes instead of asking for the session that it was promised by destination",
        _lost(
            Told.find_dest,
            "D",
            "b: connect\nb: >> request=find_dest label=D# .\nb: << status=0 property=P1 property=Q1 .\n"
            "b: close\n" + _NOT_SENT.format("dest"),
        ),
    ),
    ("comes-and-goes", "A client that comes and goes", _unchanged("b: connect\nb: close")),
)


def _case(name: str, sentence: str, exchange: _Exchange) -> Case:
    told = Told(_LIMIT)
    for number in range(len(_LOOKS)):
        _prepare(told, number)
    told.advance(_EXCHANGE)
    for number in range(len(_LOOKS)):
        exchange(told, number)
    now = _EXCHANGE
    for number, second in enumerate(_LOOKS):
        told.advance(second - now)
        _empty(told, number)
        now = second
    told.lines += [f"advance {600 - now}", start_of_interval(0), *told.statistics()]
    return case(
        f"effect/{name}/1",
        f"{sentence} changes nothing but what it says, and nothing is counted but it.",
        "cache.names cache.refresh expiry.seconds statistics.lines",
        "\n".join(told.lines),
        options={"connection_cache_ttl_limit": str(_LIMIT)},
        whole=_WHOLE,
    )


CASES = tuple(_case(*each) for each in _EXCHANGES)
