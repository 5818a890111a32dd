"""Draws the units of a stretch from its seed: valid and malformed requests of several clients, and time."""

from __future__ import annotations

import random
from collections.abc import Iterator

from conformance.contract.borders import border
from conformance.contract.wire import DUMMY, WRONG_REQUESTS, attribute_list
from conformance.differential.profile import Profile, crowd_of, draw_crowd, draw_options, draw_profile
from conformance.differential.unit import Find, Late, Leave, Move, Nonsense, Save, SaveSession, Unit

__all__ = ["draw_stretch"]

_GOOD_TTLS = (b"1", b"2", b"2", b"2", b"3", b"9", b"010", b"+5", b" 7", b"\n7", b"4294967297", b"-4294967295")
_BAD_TTLS = (b"0", b"-1", b"2147483648", b"4294967296", b"9" * 20, b"99999999999")
_MALFORMED_TTLS = (b"5 ", b"5x", b"5.0", b"0x10", b"", b"++5", b"- 1", b"x" * 99 + b"\xc3\xa9")
_TTLS = _GOOD_TTLS + _BAD_TTLS + _MALFORMED_TTLS

#: Bytes of a write that reach a daemon in one piece of the kernel's. Of more, it is chance how many there
#: are when it reads, and so how many of a malformed request its reply throws away.
_ONE_PIECE = 32_768

_MOVES = (1, 1, 1, 2, 3, 7, 600, -1, -3)
_LARGE_MOVES = (1, 1, 59, 60, 61, 3599, 3600, 86_399, 86_400, 86_401, 604_800, -3600)


def draw_stretch(seed: int, units: int | None = None) -> tuple[dict[str, str], list[Unit]]:
    """The options of both daemons and the units of a stretch; units: how many, where that isn't drawn."""
    source = random.Random(f"diff {seed}")
    crowd = None if units else crowd_of(seed)
    options = draw_options(source, crowd)
    limit = int(options["connection_cache_ttl_limit"])
    profile = draw_profile(source, limit, seed, units) if crowd is None else draw_crowd(source, limit, crowd)
    drawn: list[Unit] = [_Artist(source, profile, number).unit() for number in range(profile.units)]
    return options, drawn if units else [*drawn, *_ending(source, profile)]


def _ending(source: random.Random, profile: Profile) -> Iterator[Unit]:
    """Lookups of what the stretch has left behind, some of them when a part of it is due."""
    if profile.looks and source.random() < 0.5:
        yield Move(source.choice((1, max(1, profile.limit - 1))))
    for number in range(profile.looks):
        yield _Artist(source, profile, profile.units + number).look()


class _Artist:
    """Draws one unit; its number makes its tokens unique."""

    def __init__(self, source: random.Random, profile: Profile, number: int) -> None:
        self._source = source
        self._profile = profile
        self._number = number
        self._peer = f"client {source.randrange(profile.clients)}"

    def unit(self) -> Unit:
        """A move of the clock, or what a client does, perhaps after time has passed unseen."""
        if self._source.random() < self._profile.moving:
            return Move(self._move())
        acted = self._act()
        if self._source.random() < self._profile.late:
            return Late(max(1, self._move()), acted)
        return acted

    def look(self) -> Find:
        """A lookup in the plainest way, up to its last dummy."""
        return Find(self._peer, (self._find_request(),), (DUMMY,), (DUMMY,))

    def _move(self) -> int:
        limit = self._profile.limit
        if self._profile.large and self._source.random() < 0.8:
            return self._source.choice((limit - 1, limit, limit, limit + 1, *_LARGE_MOVES))
        return self._source.choice(_MOVES)

    def _act(self) -> Save | SaveSession | Find | Nonsense | Leave:
        chances = (*self._profile.weights, 0.08, 0.07, 0.05)
        (act,) = self._source.choices(
            (self._save_endp, self._bind, self._find, self._nonsense, self._ask_wrongly, self._leave), chances
        )
        return act()

    def _bind(self) -> Save:
        return Save(self._peer, self._split(self._with_glue(self._save_dest())))

    def _ask_wrongly(self) -> Save:
        request, _ = self._source.choice(WRONG_REQUESTS)
        return Save(self._peer, self._split(self._with_glue(request)))

    def _leave(self) -> Leave:
        return Leave(self._peer, half_close=self._source.random() < 0.5)

    def _save_endp(self) -> SaveSession:
        label, prop = self._label(self._profile.endpoints), self._property()
        request = attribute_list(
            (b"request", b"save_endp"),
            (b"ttl", self._ttl(len(label + prop))),
            (b"label", label),
            (b"property", prop),
        )
        count = self._source.choice((1, 1, 1, 1, 1, 1, 0, 2, 3))
        tokens = tuple(f"T{self._number}.{number}" for number in range(count))
        behind = self._source.choice((b"", b"", b"", b"", self._save_dest(), b"junk\0\0"))
        return SaveSession(self._peer, self._split(self._with_dummy(request)), b"\0" + behind, tokens)

    def _save_dest(self) -> bytes:
        label, prop = self._label(self._profile.destinations), self._property()
        endpoint = self._label(self._profile.endpoints)
        return attribute_list(
            (b"request", b"save_dest"),
            (b"ttl", self._ttl(len(label + prop + endpoint))),
            (b"label", label),
            (b"property", prop),
            (b"label", endpoint),
        )

    def _find(self) -> Find:
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
        pieces = self._split(self._with_dummy(self._find_request()))
        return Find(self._peer, pieces, ready, confirmation, slow=self._source.random() < self._profile.slow)

    def _find_request(self) -> bytes:
        kind, numbered = self._source.choice(
            ((b"find_endp", self._profile.endpoints), (b"find_dest", self._profile.destinations))
        )
        return attribute_list((b"request", kind), (b"label", self._label(numbered)))

    def _nonsense(self) -> Nonsense:
        source = self._source
        data = source.choice(
            (self._find_request(), self._save_dest(), DUMMY, WRONG_REQUESTS[0][0], b"request\0save_endp")
        )
        for _ in range(source.randrange(1, 4)):
            place = source.randrange(len(data) + 1)
            insert = source.choice((b"\0", b"", b"\0\0", b"x", b"request\0", b"ttl\0", source.randbytes(2)))
            data = data[:place] + insert + data[place + source.randrange(4) :]
        data = data[-_ONE_PIECE:] or b"\0"
        tokens = (f"T{self._number}.0",) if source.random() < 0.2 else ()
        return Nonsense(self._peer, self._split(data), tokens, half_close=source.random() < 0.5)

    def _with_dummy(self, request: bytes) -> bytes:
        """Now and then a late dummy comes first, glued."""
        return DUMMY + request if self._source.random() < 0.05 else request

    def _with_glue(self, request: bytes) -> bytes:
        """Now and then a second request or junk is glued behind, which the reply to the first throws away."""
        if self._source.random() < 0.9 or len(request) > _ONE_PIECE:
            return request
        return request + self._source.choice((self._save_dest(), b"\0", b"junk\0"))

    def _split(self, data: bytes) -> tuple[bytes, ...]:
        """The data as one write, mostly; else cut at random bytes."""
        source = self._source
        if source.random() < 0.7 or len(data) < 2:
            return (data,)
        cuts = sorted({source.randrange(1, len(data)) for _ in range(source.choice((1, 1, 2, 5)))})
        return tuple(data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True))

    def _ttl(self, length: int) -> bytes:
        """The ttl of a request with so many bytes besides."""
        source, limit = self._source, self._profile.limit
        draw = source.random()
        if draw < 0.6:
            return b"2" if limit <= 5 else b"%d" % source.choice((2, limit - 1, limit, limit, limit + 1))
        if draw < 0.7:
            return b"%d" % border(source, 2**31 - 1)
        if draw < 0.75:
            return source.choice((b"0", b" ", b"\n")) * border(source, 5000) + b"2"
        return source.choice(_TTLS if length < _ONE_PIECE else _GOOD_TTLS + _BAD_TTLS)

    def _label(self, numbered: int) -> bytes:
        if numbered and self._source.random() < 0.8:
            return b"L%d" % self._source.randrange(numbered)
        return self._hot(self._profile.labels)

    def _property(self) -> bytes:
        return self._hot(self._profile.properties)

    def _hot(self, texts: tuple[bytes, ...]) -> bytes:
        """The front ones more often, so that most things meet."""
        return texts[int(self._source.random() ** 1.5 * len(texts))]
