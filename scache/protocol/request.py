"""The four requests on the wire: their parameters and their replies (the *_service functions of the seed)."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.protocol.attributes import LIST_END, encode, number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = [
    "FIND_DEST",
    "FIND_ENDP",
    "REQUESTS",
    "SAVED",
    "SAVE_DEST",
    "SAVE_ENDP",
    "STATUS",
    "UNKNOWN_REQUEST",
    "Request",
    "whole_request",
]

OK, BAD, FAIL = b"0", b"1", b"2"


def _reply(status: bytes, *properties: bytes) -> bytes:
    return encode((b"status", status), *[(b"property", prop) for prop in properties])


class Request:
    """What one request looks like: `parameters` in their order, and how many `properties` its reply has.

    `names` are the names of all its attributes, and `wanted` those behind `request`, LIST_END last; `strings`
    is how many strings its bytes make when they are split at the NULs; `timed` tells whether it has a ttl;
    `bad` and `fail` are its replies where it is malformed, or finds nothing; `ok` is the reply of a find that
    hits, to be completed with the properties.
    """

    __slots__ = ("bad", "fail", "name", "names", "ok", "service", "strings", "timed", "wanted")

    def __init__(self, name: str, parameters: tuple[bytes, ...], properties: int) -> None:
        self.name = name
        self.service = f"scache_{name}_service"  # the function of the seed, as it stands in the log
        self.wanted = (*parameters, LIST_END)
        self.names = [b"request", *self.wanted]
        self.strings = 2 * len(self.names)
        self.timed = parameters[0] == b"ttl"
        self.bad = _reply(BAD, *[b""] * properties)
        self.fail = _reply(FAIL, *[b""] * properties)
        self.ok = _reply(OK, *[b"%b"] * properties)

    def message(self, *parameters: bytes | int) -> bytes:
        """The request as its client sends it. ValueError where a parameter holds a NUL, or one is missing."""
        values = [b"%d" % value if isinstance(value, int) else value for value in parameters]
        if any(b"\0" in value for value in values):
            raise ValueError("a label or property can't hold a NUL byte")
        return encode((b"request", self.name.encode()), *zip(self.wanted[:-1], values, strict=True))


SAVE_ENDP = Request("save_endp", (b"ttl", b"label", b"property"), 0)
FIND_ENDP = Request("find_endp", (b"label",), 1)
SAVE_DEST = Request("save_dest", (b"ttl", b"label", b"property", b"label"), 0)
FIND_DEST = Request("find_dest", (b"label",), 2)

#: How the daemon is, as JSON in the place of a property: what concerns the labels that hold this one, or all.
#: No Postfix knows this request; it isn't one of REQUESTS, since to a daemon that doesn't answer it, it is an
#: unknown one, too.
STATUS = Request("status", (b"label",), 1)

#: The requests by name.
REQUESTS = {request.name.encode(): request for request in (SAVE_ENDP, FIND_ENDP, SAVE_DEST, FIND_DEST)}

#: The reply to a save that was carried out.
SAVED = _reply(OK)

#: The reply to a request that isn't one of the four.
UNKNOWN_REQUEST = _reply(BAD)


def whole_request(data: bytes) -> tuple[Request, Sequence[Any]] | None:
    """The request that data is, whole and alone, with its parameters; None where it isn't that or isn't good.

    A shortcut for nearly every request. The scanner would find the same names and values.
    """
    strings = data.split(b"\0")
    request = REQUESTS.get(strings[1]) if len(strings) > 1 else None
    if request is None or len(strings) != request.strings or strings[::2] != request.names or strings[-1]:
        return None
    parameters: list[Any] = strings[3:-1:2]
    if request.timed:
        ttl = parameters[0]
        parameters[0] = int(ttl) if ttl.isdigit() and len(ttl) < 10 else number(ttl)
        if parameters[0] is None:
            return None
    return request, parameters
