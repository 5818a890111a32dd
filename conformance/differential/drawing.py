"""Draws the units of a stretch from its seed: valid and malformed requests of several clients, and time."""

from __future__ import annotations

import random

from conformance.contract.wire import DUMMY, WRONG_REQUESTS, attribute_list
from conformance.differential.unit import Find, Leave, Move, Nonsense, Save, SaveSession, Unit

__all__ = ["draw_options", "draw_units"]

_GOOD_TTLS = (b"1", b"2", b"2", b"2", b"3", b"9", b"010", b"+5", b" 7", b"\n7", b"4294967297", b"-4294967295")
_BAD_TTLS = (b"0", b"-1", b"2147483648", b"4294967296", b"9" * 20, b"99999999999")
_MALFORMED_TTLS = (b"5 ", b"5x", b"5.0", b"0x10", b"", b"++5", b"- 1", b"x" * 99 + b"\xc3\xa9")
_TTLS = _GOOD_TTLS + _BAD_TTLS + _MALFORMED_TTLS
_LABELS = (b"a", b"a", b"a", b"b", b"b", b"c", b"", b"smtp\n[127.0.0.3]:2503\n", b"\xff\xfe", b"x" * 4070)
_PROPERTIES = (b"", b"p", b"q", b"host_name=localhost\n\n", b"\x80", b"y" * 5000)


def draw_options(source: random.Random) -> dict[str, str]:
    """main.cf parameters for both daemons of a stretch."""
    return {
        "connection_cache_ttl_limit": source.choice(("1s", "2s", "2s", "5s")),
        "connection_cache_status_update_time": source.choice(("1s", "7s", "600s")),
    }


def draw_units(source: random.Random, count: int) -> list[Unit]:
    """So many units of up to four clients."""
    return [_Artist(source, number).unit() for number in range(count)]


class _Artist:
    """Draws one unit; its number makes its tokens unique."""

    def __init__(self, source: random.Random, number: int) -> None:
        self._source = source
        self._number = number
        self._peer = f"client {source.randrange(4)}"

    def unit(self) -> Unit:
        draw = self._source.random()
        if draw < 0.12:
            return Move(self._source.choice((1, 1, 1, 2, 3, 7, 600, -1, -3)))
        if draw < 0.40:
            return self._save_endp()
        if draw < 0.55:
            return Save(self._peer, self._split(self._with_glue(self._save_dest())))
        if draw < 0.80:
            return self._find()
        if draw < 0.88:
            return self._nonsense()
        if draw < 0.95:
            request, _ = self._source.choice(WRONG_REQUESTS)
            return Save(self._peer, self._split(self._with_glue(request)))
        return Leave(self._peer, half_close=self._source.random() < 0.5)

    def _save_endp(self) -> Unit:
        request = attribute_list(
            (b"request", b"save_endp"),
            (b"ttl", self._ttl()),
            (b"label", self._label()),
            (b"property", self._property()),
        )
        count = self._source.choice((1, 1, 1, 1, 1, 1, 0, 2, 3))
        tokens = tuple(f"T{self._number}.{number}" for number in range(count))
        behind = self._source.choice((b"", b"", b"", b"", self._save_dest(), b"junk\0\0"))
        return SaveSession(self._peer, self._split(self._with_dummy(request)), b"\0" + behind, tokens)

    def _save_dest(self) -> bytes:
        return attribute_list(
            (b"request", b"save_dest"),
            (b"ttl", self._ttl()),
            (b"label", self._label()),
            (b"property", self._property()),
            (b"label", self._label()),
        )

    def _find(self) -> Unit:
        late = self._source.random()
        ready = (
            (DUMMY,)
            if late < 0.9
            else self._source.choice(((), (b"dummy\0x\0\0",), (b"dumm\0", b"\0\0"), (b"\0",)))
        )
        confirmation: tuple[bytes, ...] = self._source.choice(
            (
                (DUMMY,),
                (DUMMY,),
                (DUMMY,),
                (DUMMY + self._find_request(),),
                self._split(DUMMY),
                (),
                (b"dummy\0", b"\0\0"),
            )
        )
        return Find(self._peer, self._split(self._with_dummy(self._find_request())), ready, confirmation)

    def _find_request(self) -> bytes:
        kind = self._source.choice((b"find_endp", b"find_dest"))
        return attribute_list((b"request", kind), (b"label", self._label()))

    def _nonsense(self) -> Unit:
        source = self._source
        data = source.choice(
            (self._find_request(), self._save_dest(), DUMMY, WRONG_REQUESTS[0][0], b"request\0save_endp")
        )
        for _ in range(source.randrange(1, 4)):
            place = source.randrange(len(data) + 1)
            insert = source.choice((b"\0", b"", b"\0\0", b"x", b"request\0", b"ttl\0", source.randbytes(2)))
            data = data[:place] + insert + data[place + source.randrange(4) :]
        data = data or b"\0"
        tokens = (f"T{self._number}.0",) if source.random() < 0.2 else ()
        return Nonsense(self._peer, self._split(data), tokens, half_close=source.random() < 0.5)

    def _with_dummy(self, request: bytes) -> bytes:
        """Now and then a late dummy comes first, glued."""
        return DUMMY + request if self._source.random() < 0.05 else request

    def _with_glue(self, request: bytes) -> bytes:
        """Now and then a second request or junk is glued behind, which the reply to the first throws away."""
        if self._source.random() < 0.9:
            return request
        return request + self._source.choice((self._save_dest(), b"\0", b"junk\0"))

    def _split(self, data: bytes) -> tuple[bytes, ...]:
        """The data as one write, mostly; else cut at random bytes."""
        source = self._source
        if source.random() < 0.7 or len(data) < 2:
            return (data,)
        cuts = sorted({source.randrange(1, len(data)) for _ in range(source.choice((1, 1, 2, 5)))})
        return tuple(data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True))

    def _ttl(self) -> bytes:
        return b"2" if self._source.random() < 0.6 else self._source.choice(_TTLS)

    def _label(self) -> bytes:
        return self._source.choice(_LABELS)

    def _property(self) -> bytes:
        return self._source.choice(_PROPERTIES)
