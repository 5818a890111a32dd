"""What a stretch's seed decides before its first unit: how much of everything, and how large (swarm)."""

from __future__ import annotations

import random
from dataclasses import dataclass

from conformance.contract.borders import border, padded, twin

__all__ = ["Profile", "draw_options", "draw_profile"]

_PLAIN = (b"a", b"b", b"c", b"", b"smtp\n[127.0.0.3]:2503\n", b"\xff\xfe", b"Mx.Example", b"01")
_DAY = 86_400

#: A life in seconds that lets many entries gather.
_CROWDING = 60

#: Limits and intervals of the stretches in which time is large, in seconds.
_LARGE = (60, 255, 256, 3600, 32_767, 32_768, 65_535, 65_536, 65_537, _DAY, 7 * _DAY)


@dataclass(frozen=True, slots=True)
class Profile:
    """A stretch's proportions.

    units: how many. weights: of save_endp, save_dest and the finds. moving: how often the clock moves.
    clients: at most so many. labels, properties: what is drawn from, the front ones more often.
    endpoints, destinations: so many more labels of each, for crowds. limit: connection_cache_ttl_limit.
    large: whether time moves by minutes to days. late: how often a request comes after unseen time.
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


#: Weights, endpoints, destinations of crowds: sessions of few endpoints, bindings of few destinations, all.
_CROWDS = (
    ((5.0, 0.2, 0.8), 0, 0),
    ((0.3, 5.0, 0.6), 400, 0),
    ((2.0, 2.0, 1.0), 300, 300),
)
_ORDINARY = ((0.28, 0.15, 0.25), (0.14, 0.1, 0.4), (0.5, 0.2, 0.2), (0.2, 0.5, 0.3))


def draw_options(source: random.Random) -> dict[str, str]:
    """main.cf parameters for both daemons of a stretch."""
    if source.random() < 0.7:
        limit, interval = source.choice((1, 2, 2, 5)), source.choice((1, 7, 600))
    else:
        limit, interval = source.choice(_LARGE), source.choice((600, *_LARGE))
    return {
        "connection_cache_ttl_limit": str(limit),
        "connection_cache_status_update_time": str(interval),
    }


def draw_profile(source: random.Random, limit: int, units: int | None) -> Profile:
    """The proportions of a stretch under this ttl limit; units: how many, where that isn't to be drawn."""
    size = source.choice((0, 0, 0, 0, 64, 300, 1100, 5000, 5000, 70_000, 300_000))
    late = source.choice((0.0, 0.1, 0.4))
    if units is None and limit >= _CROWDING and source.random() < 0.4:
        weights, endpoints, destinations = source.choice(_CROWDS)
        return Profile(
            units=source.choice((400, 1200, 1200, 2000)),
            weights=weights,
            moving=0.003,
            clients=source.choice((2, 40, 150)),
            labels=_texts(source, 0)[:2],
            properties=(b"", b"p"),
            endpoints=endpoints,
            destinations=destinations,
            limit=limit,
            large=False,
            late=late / 100,
        )
    numbered = source.choice((0, 0, 0, 5))
    return Profile(
        units=units or 60,
        weights=source.choice(_ORDINARY),
        moving=0.12,
        clients=source.choice((1, 2, 4, 4)),
        labels=_texts(source, size),
        properties=(b"", b"p", b"host_name=localhost\n\n", *_texts(source, size)),
        endpoints=numbered,
        destinations=numbered,
        limit=limit,
        large=limit > 5 or source.random() < 0.1,
        late=late,
    )


def _texts(source: random.Random, size: int) -> tuple[bytes, ...]:
    """Few texts, so that they meet again: plain ones, some at a border of sizes, and their near twins."""
    texts = list(dict.fromkeys(source.choices(_PLAIN, k=source.choice((1, 2, 4)))))
    if size:
        texts.insert(source.randrange(2), padded(source.choice(texts) or b"x", border(source, size)))
    if source.random() < 0.7:
        texts += [twin(source, source.choice(texts)) for _ in range(source.choice((1, 3, 6)))]
    return tuple(dict.fromkeys(texts))
