"""A cache and its history as plain figures and texts, for whoever asks how it is. Bounded; no property and no
descriptor is in it.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

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

#: Labels of a kind for which a near one is looked for, and labels that are looked at for each.
_SOUGHT, _LOOKED_AT = 5, 50

#: Upper bounds of the classes of sessions by age, in seconds.
_AGES = (0, 1, 2, 5, 10, 30, 60, 300)


def report(cache: ConnectionCache, history: History, part: bytes) -> dict[str, Any]:
    """What is known of the labels of which this is a part; of an empty part, all that fits.

    Hits and misses by label are those of the last lookups. The busiest labels come first.
    """
    destinations, endpoints = _Asked(history.destinations, part), _Asked(history.endpoints, part)
    for asked, labels in ((destinations, cache.destination_labels()), (endpoints, cache.endpoint_labels())):
        asked.add(_holding(_joined(labels), part) if part else iter(labels))
    dest_misses, endp_misses = destinations.last_misses(), endpoints.last_misses()
    near = {
        **dict(_near(_missing(dest_misses, UNKNOWN), cache.destination_labels())),
        **dict(
            _near(_missing(dest_misses, UNSAVED) + _missing(endp_misses, UNKNOWN), cache.endpoint_labels())
        ),
    }
    telling = _Telling(cache, history, near)
    busiest = destinations.busiest(), endpoints.busiest()
    found = {
        "destinations": [telling.destination(*asked) for asked in busiest[0]],
        "endpoints": [telling.endpoint(*asked) for asked in busiest[1]],
        "misses": {
            "destination": [telling.miss(miss) for miss in dest_misses],
            "endpoint": [telling.miss(miss) for miss in endp_misses],
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
        "others": {"destination": destinations.others(busiest[0]), "endpoint": endpoints.others(busiest[1])},
    }


#: A label, its hits and misses, and its last miss.
_Row = tuple[bytes, int, int, "Miss | None"]


class _Asked:
    """Lookups of one kind, by label: hits, misses, the last miss."""

    def __init__(self, lookups: Iterable[bytes | Miss], part: bytes) -> None:
        hits = [lookup for lookup in lookups if isinstance(lookup, bytes) and part in lookup]
        self._misses = [lookup for lookup in lookups if not isinstance(lookup, bytes) and part in lookup[1]]
        self._last = {miss[1]: miss for miss in self._misses}
        self._missed = Counter([miss[1] for miss in self._misses])
        self._lookups = Counter(hits)
        self._lookups.update(self._missed)

    def add(self, labels: Iterator[bytes]) -> None:
        """Labels that are cached, whether anybody asks for them or not."""
        for label in islice(labels, _MOST):
            self._lookups.setdefault(label[:_LONGEST], 0)

    def busiest(self) -> list[_Row]:
        """Those of which most was asked."""
        return [
            (label, lookups - self._missed[label], self._missed[label], self._last.get(label))
            for label, lookups in self._lookups.most_common(_MOST)
        ]

    def last_misses(self) -> list[Miss]:
        """Newest first."""
        return self._misses[: -_MISSES - 1 : -1]

    def others(self, busiest: list[_Row]) -> dict[str, int]:
        """What is left out of the busiest, summed up."""
        misses = len(self._misses)
        hits = self._lookups.total() - misses
        return {
            "labels": len(self._lookups) - len(busiest),
            "hits": hits - sum(asked[1] for asked in busiest),
            "misses": misses - sum(asked[2] for asked in busiest),
        }


def _ages(cache: ConnectionCache, history: History) -> dict[str, Any]:
    """How many sessions are at most so old, and the sum of their ages."""
    serials = cache.serials()
    serials.sort()
    counts, total = dict.fromkeys(_AGES, 0), 0
    for age, number in history.ages(serials):
        total += age * number
        for most in _AGES:
            counts[most] += number if age <= most else 0
    return {
        "at_most": {str(most): count for most, count in counts.items()},
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


def _missing(misses: list[Miss], cause: str) -> list[bytes]:
    """The labels that were missing, newest first, where this was the cause."""
    return [endpoint or label for _at, label, (why, _since), endpoint in misses if why == cause]


def _near(missing: Iterable[bytes], cached: Iterable[bytes]) -> Iterator[tuple[bytes, tuple[bytes, str]]]:
    """For labels that nothing is known of: a cached one of their kind that differs in one field only."""
    places = {label: where for label in missing if (where := place(label)) is not None}
    if not places:
        return
    text = _joined(cached)
    for label, where in islice(places.items(), _SOUGHT):
        for other in islice(_holding(text, b"\n%b\n" % where), _LOOKED_AT):
            if (field := difference(label, other)) is not None:
                yield label, (other, field)
                break


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
        """A destination: its newest bindings, and its finds."""
        bindings = self._cache.bindings_of(label)
        newest = list(islice(reversed(bindings.values()), _ENDPOINTS))
        due = max((binding.due for binding in newest), default=None)
        return {
            "label": _text(label),
            "hits": hits,
            "misses": misses,
            "bindings": len(bindings),
            "expires": None if due is None else due - self._now,
            "endpoints": [_text(binding.endp_label) for binding in reversed(newest)],
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
        at, label, (cause, since), endpoint = miss
        told: dict[str, Any] = {
            "ago": self._now - at,
            "label": _text(label),
            "why": cause,
            "since": None if since is None else at - since,
        }
        if endpoint is not None:
            told["endpoint"] = _text(endpoint)
        near = self._near.get(endpoint or label)
        if near is not None:
            told["near"] = {"label": _text(near[0]), "field": near[1]}
        return told


def _text(label: bytes) -> str:
    return label[:_LONGEST].decode("utf-8", "surrogateescape")
