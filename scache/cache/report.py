"""A cache and its history as plain figures and texts, for whoever asks how it is. Bounded; no property and no
descriptor is in it.
"""

from __future__ import annotations

from scache.cache.history import LATELY, UNKNOWN, UNSAVED, History, Miss
from scache.cache.labels import difference, place
from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from scache.cache.connection_cache import ConnectionCache

__all__ = ["report"]

#: Labels of a kind in a report; misses; endpoints of one of its destinations; bytes of a label.
_MOST, _MISSES, _ENDPOINTS, _LONGEST = 100, 50, 8, 512

#: Labels for which a near one is looked for, and labels that are looked at for each.
_SOUGHT, _LOOKED_AT = 20, 50

#: Upper bounds of the classes of sessions by age, in seconds.
_AGES = (0, 1, 2, 5, 10, 30, 60, 300)


def report(cache: ConnectionCache, history: History, part: bytes) -> dict[str, Any]:
    """What is known of the labels of which this is a part; of an empty part, all that fits.

    Hits and misses by label are those of the last lookups. The busiest labels come first.
    """
    destinations, endpoints = _Asked(history.destinations, part), _Asked(history.endpoints, part)
    for asked, labels in ((destinations, cache.destination_labels()), (endpoints, cache.endpoint_labels())):
        asked.add(_holding(_joined(labels), part) if part else iter(labels))
    near = _near(cache, [*destinations.last_misses(), *endpoints.last_misses()])
    telling = _Telling(cache, history, near)
    found = {
        "destinations": [telling.destination(label, *asked) for label, asked in destinations.busiest()],
        "endpoints": [telling.endpoint(label, *asked) for label, asked in endpoints.busiest()],
        "misses": {
            "destination": list(map(telling.miss, destinations.last_misses())),
            "endpoint": list(map(telling.miss, endpoints.last_misses())),
        },
    }
    if part:
        return found
    return {
        "seconds": history.second - history.start,
        "saved": cache.serial,
        "cached": {
            "destinations": cache.destinations,
            "endpoints": cache.endpoints,
            "sessions": cache.sessions,
            "bindings": cache.bindings,
            "bytes": cache.size,
        },
        "ages": _ages(cache, history),
        "lately": LATELY,
        **found,
        "others": {"destination": destinations.others(), "endpoint": endpoints.others()},
    }


class _Asked:
    """Lookups of one kind, by label: hits, misses, the last miss."""

    def __init__(self, lookups: Iterable[bytes | Miss], part: bytes) -> None:
        self._by_label: dict[bytes, tuple[int, int, Miss | None]] = {}
        self._misses: list[Miss] = []
        nothing = 0, 0, None
        for lookup in lookups:
            if isinstance(lookup, Miss):
                if part in lookup.label:
                    hits, misses, _before = self._by_label.get(lookup.label, nothing)
                    self._by_label[lookup.label] = hits, misses + 1, lookup
                    self._misses.append(lookup)
            elif part in lookup:
                hits, misses, last = self._by_label.get(lookup, nothing)
                self._by_label[lookup] = hits + 1, misses, last

    def add(self, labels: Iterator[bytes]) -> None:
        """Labels that are cached, whether anybody asks for them or not."""
        for label, _number in zip(labels, range(_MOST), strict=False):
            self._by_label.setdefault(label[:_LONGEST], (0, 0, None))

    def busiest(self) -> list[tuple[bytes, tuple[int, int, Miss | None]]]:
        """Those of which most was asked."""
        return sorted(self._by_label.items(), key=lambda item: -item[1][0] - item[1][1])[:_MOST]

    def last_misses(self) -> list[Miss]:
        """Newest first."""
        return self._misses[: -_MISSES - 1 : -1]

    def others(self) -> dict[str, int]:
        """What is left out of the busiest, summed up."""
        busiest = [asked for _label, asked in self.busiest()]
        every = self._by_label.values()
        return {
            "labels": len(every) - len(busiest),
            "hits": sum(asked[0] for asked in every) - sum(asked[0] for asked in busiest),
            "misses": sum(asked[1] for asked in every) - sum(asked[1] for asked in busiest),
        }


def _ages(cache: ConnectionCache, history: History) -> dict[str, Any]:
    """How many sessions are at most so old, and the sum of their ages."""
    serials = cache.serials()
    serials.sort()
    counts, total = [0] * len(_AGES), 0
    for age, number in history.ages(serials):
        total += age * number
        for at, most in enumerate(_AGES):
            counts[at] += number if age <= most else 0
    return {
        "at_most": dict(zip(map(str, _AGES), counts, strict=True)),
        "count": len(serials),
        "sum": total,
    }


def _joined(labels: Iterable[bytes]) -> bytes:
    """Labels in one text, through which a search is much faster."""
    return b"\0%b\0" % b"\0".join(labels)


def _holding(text: bytes, part: bytes) -> Iterator[bytes]:
    """Of labels in one text those that hold this part."""
    at = text.find(part)
    while at >= 0:
        end = text.index(b"\0", at)
        yield text[text.rindex(b"\0", 0, at) + 1 : end]
        at = text.find(part, end)


def _near(cache: ConnectionCache, misses: list[Miss]) -> dict[bytes, tuple[bytes, str]]:
    """For labels that nothing is known of: a cached one that differs in one field only."""
    found: dict[bytes, tuple[bytes, str]] = {}
    sought = [miss.endpoint or miss.label for miss in misses if miss.cause in (UNKNOWN, UNSAVED)]
    if not sought:
        return found
    cached = _joined([*cache.endpoint_labels(), *cache.destination_labels()])
    for missing in list(dict.fromkeys(sought))[:_SOUGHT]:
        if (where := place(missing)) is None:
            continue
        for label, _number in zip(_holding(cached, b"\n%b\n" % where), range(_LOOKED_AT), strict=False):
            if (field := difference(missing, label)) is not None:
                found[missing] = label, field
                break
    return found


class _Telling:
    """Makes texts and numbers of what is known, relative to now."""

    def __init__(
        self, cache: ConnectionCache, history: History, near: Mapping[bytes, tuple[bytes, str]]
    ) -> None:
        self._cache = cache
        self._history = history
        self._now = history.second
        self._near = near

    def destination(self, label: bytes, hits: int, misses: int, last: Miss | None) -> dict[str, Any]:
        """A destination: its endpoints, and its finds."""
        bindings = list(self._cache.bindings_of(label))
        due = max((binding.due for binding in bindings), default=None)
        return {
            "label": _text(label),
            "hits": hits,
            "misses": misses,
            "bindings": len(bindings),
            "expires": None if due is None else due - self._now,
            "endpoints": [_text(binding.endp_label) for binding in bindings[-_ENDPOINTS:]],
            "missed": None if last is None else self.miss(last),
        }

    def endpoint(self, label: bytes, hits: int, misses: int, last: Miss | None) -> dict[str, Any]:
        """An endpoint: its sessions, and its finds."""
        endpoint = self._cache.endpoint_of(label)
        oldest = newest = None
        if endpoint is not None:
            oldest, newest = endpoint.oldest, endpoint.newest
        return {
            "label": _text(label),
            "hits": hits,
            "misses": misses,
            "sessions": 0 if endpoint is None else endpoint.sessions,
            "oldest": None if oldest is None else self._now - self._history.saved_at(oldest.serial),
            "expires": None if newest is None else newest.due - self._now,
            "missed": None if last is None else self.miss(last),
        }

    def miss(self, miss: Miss) -> dict[str, Any]:
        """A lookup that found nothing, and why. since: how many seconds before it that came."""
        told: dict[str, Any] = {
            "ago": self._now - miss.at,
            "label": _text(miss.label),
            "why": miss.cause,
            "since": None if miss.since is None else miss.at - miss.since,
        }
        if miss.endpoint is not None:
            told["endpoint"] = _text(miss.endpoint)
        near = self._near.get(miss.endpoint or miss.label)
        if near is not None:
            told["near"] = {"label": _text(near[0]), "field": near[1]}
        return told


def _text(label: bytes) -> str:
    return label[:_LONGEST].decode("utf-8", "surrogateescape")
