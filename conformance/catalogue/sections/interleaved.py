"""Interleaved: what one client does doesn't show in what another is answered, step by step.

Postfix makes the others wait for a client in the middle of an exchange. So the other one's request is sent
then, but its answer is looked at afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case

__all__ = ["CASES"]

_NOT_SENT = "cannot send file descriptor: REASON"
_NOT_RECEIVED = "log warning: scache_save_endp_service: unable to receive file descriptor: REASON"
_WHOLE = "a dialogue of this length byte by byte tells nothing that shorter ones don't"


@dataclass(frozen=True)
class _Exchange:
    """A client's exchange; `{n}` in its lines makes its labels its own.

    before: what makes it possible. head: its first write. tail: what follows, its look at the answer first.
    stops: how many lines of the tail are over at each point where the client may pause.
    behind: what shows that it was carried out. logs: whether a line of the log belongs to it.
    """

    name: str
    head: str
    tail: tuple[str, ...]
    before: str = ""
    behind: str = ""
    stops: tuple[int, ...] = ()
    logs: bool = False


_CONNECTED = ("a: connect", "b: connect")
_SESSION = "save_endp E{n} P{n} S{n}"
_BINDING = "save_dest D{n} Q{n} E{n}"

_EXCHANGES = (
    _Exchange(
        "save_endp",
        ">> request=save_endp ttl=2 label=E{n} property=P{n} .",
        ("<< dummy", ">> [S{n}]", "<< status=0 ."),
        behind="find_endp E{n} = P{n} S{n}",
        stops=(1,),
    ),
    _Exchange(
        "save_dest",
        ">> request=save_dest ttl=2 label=D{n} property=Q{n} label=E{n} .",
        ("<< status=0 .",),
        behind=f"{_SESSION}\nfind_dest D{{n}} = Q{{n}} P{{n}} S{{n}}",
    ),
    _Exchange(
        "find_endp",
        ">> request=find_endp label=E{n} .",
        ("<< status=0 property=P{n} .", ">> dummy", "<< [S{n}]", ">> dummy"),
        before=_SESSION,
        behind="find_endp E{n} = miss",
        stops=(1, 3),
    ),
    _Exchange(
        "find_dest",
        ">> request=find_dest label=D{n} .",
        ("<< status=0 property=Q{n} property=P{n} .", ">> dummy", "<< [S{n}]", ">> dummy"),
        before=f"{_SESSION}\n{_BINDING}",
        behind="find_dest D{n} = miss",
        stops=(1, 3),
    ),
    _Exchange("miss-endp", ">> request=find_endp label=N{n} .", ("<< status=2 property= .",)),
    _Exchange(
        "miss-dest",
        ">> request=find_dest label=D{n} .",
        ("<< status=2 property= property= .",),
        before=_BINDING,
        behind=f"{_SESSION}\nfind_dest D{{n}} = Q{{n}} P{{n}} S{{n}}",
    ),
    _Exchange(
        "refresh",
        ">> request=save_dest ttl=2 label=D{n} property=Q{n} label=E{n} .",
        ("<< status=0 .",),
        before=_BINDING,
        behind=f"{_SESSION}\nfind_dest D{{n}} = Q{{n}} P{{n}} S{{n}}\nfind_dest D{{n}} = miss",
    ),
    _Exchange(
        "bad-save_endp",
        ">> request=save_endp ttl=0 label=E{n} property=P{n} .",
        ("<< status=1 .", "log warning: scache_save_endp_service: bad or missing request parameter"),
        behind="find_endp E{n} = miss",
        logs=True,
    ),
    _Exchange(
        "bad-find_dest",
        ">> request=find_dest name=D{n} .",
        (
            "<< status=1 property= property= .",
            "log warning: unexpected attribute name from scache socket (expecting: label)\n"
            "log warning: scache_find_dest_service: bad or missing request parameter",
        ),
        logs=True,
    ),
    _Exchange(
        "unknown",
        ">> request=find{n} label=E{n} .",
        ("<< status=1 .", 'log warning: unrecognized request: "find{n}", ignored'),
        logs=True,
    ),
    _Exchange(
        "no-descriptor",
        ">> request=save_endp ttl=2 label=E{n} property=P{n} .",
        ("<< dummy", ">> []", "<< status=2 .", _NOT_RECEIVED),
        behind="find_endp E{n} = miss",
        stops=(1,),
        logs=True,
    ),
    _Exchange(
        "wrong-dummy",
        ">> request=find_endp label=E{n} .",
        (
            "<< status=0 property=P{n} .",
            ">> dumy= .",
            "log warning: unexpected attribute dumy from scache socket (expecting: dummy)\n"
            f"log warning: scache_find_endp_service: {_NOT_SENT}\n"
            "log warning: missing attribute request in input from scache socket\n"
            "log warning: missing attribute request in input from scache socket",
        ),
        before=_SESSION,
        behind="free S{n}\nfind_endp E{n} = miss",
        stops=(1,),
        logs=True,
    ),
    _Exchange(
        "junk",
        ">> junk= .",
        (
            "<< nothing",
            "log warning: unexpected attribute junk from scache socket (expecting: request)\n"
            "log warning: missing attribute request in input from scache socket\n"
            "log warning: missing attribute request in input from scache socket",
        ),
        logs=True,
    ),
    _Exchange(
        "half", ">> request=find_endp 'label'", (">> '\\0N{n}\\0\\0'", "<< status=2 property= ."), stops=(0,)
    ),
)


def _lines(exchange: _Exchange, peer: str, number: str) -> tuple[str, list[str], list[str], list[str]]:
    """before, head and tail, behind, as this client's lines."""

    def of_client(text: str) -> list[str]:
        lines = text.replace("{n}", number).splitlines()
        return [line if line.startswith(("log", "free")) else f"{peer}: {line}" for line in lines]

    tail = [line for part in exchange.tail for line in of_client(part)]
    return "".join(of_client(exchange.head)), tail, of_client(exchange.before), of_client(exchange.behind)


def _one_after_the_other(first: _Exchange, second: _Exchange, number: int) -> list[str]:
    """a, b, a, b, whole exchanges each; then what is to be seen of all four."""
    played = []
    for round, (peer, exchange) in enumerate((("a", first), ("b", second)) * 2):
        played.append(_lines(exchange, peer, f"{number}.{round}"))
    lines = [line for _, _, before, _ in played for line in before]
    for head, tail, _, _ in played:
        lines += [head, *tail]
    lines += [line for _, _, _, behind in played for line in behind]
    return lines


def _in_the_middle(first: _Exchange, stop: int, second: _Exchange, number: int) -> list[str]:
    """b asks while a pauses, and looks when a has come to its end."""
    a_head, a_tail, a_before, a_behind = _lines(first, "a", f"{number}.1")
    b_head, b_tail, b_before, b_behind = _lines(second, "b", f"{number}.2")
    return [
        *a_before,
        *b_before,
        a_head,
        *a_tail[:stop],
        b_head,
        *a_tail[stop:],
        *b_tail,
        *a_behind,
        *b_behind,
    ]


def _cases() -> Iterator[Case]:
    number = 0
    for first in _EXCHANGES:
        lines = list(_CONNECTED)
        for second in _EXCHANGES:
            number += 1
            lines += _one_after_the_other(first, second, number)
        yield case(
            f"interleaved/{first.name}/1",
            f"One client's {first.name} doesn't show in another's exchanges of any kind, nor theirs in it.",
            "cache.names wire.status",
            "\n".join(lines),
            whole=_WHOLE,
        )
        lines = list(_CONNECTED)
        for second in _EXCHANGES:
            for stop in first.stops:
                number += 1
                if second.name != "half" and not (first.logs and second.logs):
                    lines += _in_the_middle(first, stop, second, number)
        if first.stops:
            yield case(
                f"interleaved/{first.name}/2",
                f"Another's exchange of any kind, asked for in the middle of a {first.name}, ends like any.",
                "cache.names wire.status",
                "\n".join(lines),
                whole=_WHOLE,
            )


CASES = tuple(_cases())
