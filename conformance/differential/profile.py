"""What a stretch's seed decides before its first unit: how much of everything, and how large (swarm)."""

from __future__ import annotations

import random
from dataclasses import dataclass

from conformance.contract.borders import border, padded, twin

__all__ = ["Profile", "crowd_of", "draw_crowd", "draw_options", "draw_profile"]

_PLAIN = (b"a", b"b", b"c", b"", b"smtp\n[127.0.0.3]:2503\n", b"\xff\xfe", b"Mx.Example", b"01")
_DAY = 86_400

#: Limits and intervals of the stretches in which time is large, in seconds.
_LARGE = (60, 255, 256, 3600, 32_767, 32_768, 65_535, 65_536, 65_537, _DAY, 7 * _DAY)


@dataclass(frozen=True, slots=True)
class Profile:
    """A stretch's proportions.

    units: how many. weights: of save_endp, save_dest and the finds. moving: how often the clock moves.
    clients: at most so many. labels, properties: what is drawn from, the front ones more often.
    endpoints, destinations: so many more labels of each, for crowds. limit: connection_cache_ttl_limit.
    large: whether time moves by minutes to days. late: how often a request comes after unseen time.
    looks: how many lookups end the stretch, so that what it has left behind shows. slow: how often the answer
    to a lookup is read late.
    """

    units: int
    weights: tuple[float, float, float]
    moving: float
    clients: int
    labels: tuple[bytes, ...]
    properties: tuple[bytes, ...]
    endpoints: int
    destinations: int
    limit: int
    large: bool
    late: float
    looks: int
    slow: float


#: So many stretches in a row have one crowd and one with long answers among them.
_ROUND = 9

#: Units, weights, endpoints, destinations of crowds, in turn: all, bindings of few destinations, sessions of
#: few endpoints, and more of everything.
_CROWDS = (
    (1200, (2.0, 2.0, 1.0), 300, 300),
    (1200, (0.3, 5.0, 0.6), 400, 0),
    (1500, (5.0, 0.2, 0.8), 0, 0),
    (2000, (1.0, 3.0, 1.0), 700, 1100),
)
#: Bytes of a text around what a socket takes in before its reader reads (212,992 on a stock Linux).
_LONG_ANSWERS = (131_072, 163_840, 212_970, 212_992, 262_144, 300_000)

_ORDINARY = ((0.28, 0.15, 0.25), (0.14, 0.1, 0.4), (0.5, 0.2, 0.2), (0.2, 0.5, 0.3))


def draw_options(source: random.Random, crowd: int | None) -> dict[str, str]:
    """main.cf parameters for both daemons of a stretch. crowd: which of the crowds it is, if it is one."""
    if crowd is not None:
        limit, interval = source.choice(_LARGE), source.choice((600, *_LARGE))
    elif source.random() < 0.8:
        limit, interval = source.choice((1, 2, 2, 5)), source.choice((1, 7, 600))
    else:
        limit, interval = source.choice(_LARGE), source.choice((600, *_LARGE))
    return {
        "connection_cache_ttl_limit": str(limit),
        "connection_cache_status_update_time": str(interval),
    }


def crowd_of(seed: int) -> int | None:
    """Which of the crowds the stretch of this seed is, if it is one."""
    return None if seed % _ROUND else seed // _ROUND % len(_CROWDS)


def draw_crowd(source: random.Random, limit: int, crowd: int) -> Profile:
    """The proportions of a stretch that keeps up many entries."""
    units, weights, endpoints, destinations = _CROWDS[crowd]
    return Profile(
        units=units,
        weights=weights,
        moving=0.003,
        clients=source.choice((2, 40, 150)),
        labels=_texts(source, 0)[:2],
        properties=(b"", b"p"),
        endpoints=endpoints,
        destinations=destinations,
        limit=limit,
        large=False,
        late=source.choice((0.0, 0.001, 0.004)),
        looks=source.choice((100, 200, 400)),
        slow=0.0,
    )


def draw_profile(source: random.Random, limit: int, seed: int, units: int | None) -> Profile:
    """The proportions of any other stretch; units: how many, where that isn't to be drawn."""
    long_answers = seed % _ROUND == _ROUND // 2
    size = _LONG_ANSWERS[-1] if long_answers else source.choice((0, 0, 0, 64, 300, 1100, 5000, 70_000))
    numbered = source.choice((0, 0, 0, 5))
    most = source.choice((2, 2, 3, 20))  # few texts meet often, many have twins
    return Profile(
        units=units or 60,
        weights=source.choice(_ORDINARY),
        moving=0.02 if long_answers else 0.12,
        clients=source.choice((1, 2, 4, 4)),
        labels=_texts(source, size)[:most],
        properties=(*_texts(source, size), b"p", b"host_name=localhost\n\n")[:most],
        endpoints=numbered,
        destinations=numbered,
        limit=limit,
        large=limit > 5 or source.random() < 0.1,
        late=source.choice((0.0, 0.1, 0.4)),
        looks=source.choice((0, 12, 24)),
        slow=0.7 if long_answers else 0.05,
    )


def _texts(source: random.Random, size: int) -> tuple[bytes, ...]:
    """Few texts, so that they meet again: plain ones, some at a border of sizes, and their near twins."""
    texts = list(dict.fromkeys(source.choices(_PLAIN, k=source.choice((1, 2, 4)))))
    if size:
        length = source.choice(_LONG_ANSWERS) if size == _LONG_ANSWERS[-1] else border(source, size)
        texts.insert(source.randrange(2), padded(source.choice(texts) or b"x", length))
    if source.random() < 0.7:
        texts += [twin(source, source.choice(texts)) for _ in range(source.choice((1, 3, 6)))]
    return tuple(dict.fromkeys(texts))
