"""All cases of the catalogue, in the order of their sections."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case
from conformance.catalogue.sections import (
    announce,
    attributes,
    beyond,
    cache,
    config,
    descriptor,
    dialects,
    edges,
    effects,
    endurance,
    equality,
    expiry,
    find_dest,
    find_endp,
    half_close,
    interleaved,
    lifecycle,
    log,
    moments,
    pipelining,
    readers,
    robustness,
    save_dest,
    save_endp,
    sizes,
    statistics,
    status,
    ttl,
)
from scache.errors import UsageError

__all__ = ["CATALOGUE", "SANITY", "SECTIONS", "select"]

#: One module of this package a section.
SECTIONS = (
    announce,
    save_endp,
    find_endp,
    save_dest,
    find_dest,
    cache,
    equality,
    edges,
    effects,
    expiry,
    moments,
    ttl,
    attributes,
    sizes,
    readers,
    descriptor,
    pipelining,
    interleaved,
    half_close,
    dialects,
    statistics,
    status,
    lifecycle,
    config,
    log,
    robustness,
    beyond,
    endurance,
)


#: Runs first and last in every run: where it fails, no other verdict means anything.
SANITY = case(
    "sanity/roundtrip/1",
    "A session that is saved is found again, by destination and by endpoint, and then it is gone.",
    "cache.save_endp cache.find_endp cache.find_dest",
    """
    save_dest D destination-property E
    save_endp E endpoint-property A
    save_endp E second-property B
    find_dest D = destination-property endpoint-property A
    find_endp E = second-property B
    find_endp E = miss
    """,
)


#: Every case but the sanity case.
CATALOGUE: tuple[Case, ...] = tuple(each for section in SECTIONS for each in section.CASES)


def select(cases: Sequence[Case], wanted: Sequence[str], excluded: Sequence[str] = ()) -> list[Case]:
    """The cases that match any wanted pattern (all, where none is wanted), less the excluded.

    A pattern is an id, else the beginning of ids, or a glob. Raises UsageError for one that matches nothing.
    """
    chosen = _matching(cases, wanted) if wanted else {each.id for each in cases}
    chosen -= _matching(cases, excluded)
    return [each for each in cases if each.id in chosen]


def _matching(cases: Sequence[Case], patterns: Sequence[str]) -> set[str]:
    ids = {each.id for each in cases}
    matching: set[str] = set()
    for pattern in patterns:
        exact = {pattern} & ids
        found = exact or {id for id in ids if id.startswith(pattern) or fnmatchcase(id, pattern)}
        if not found:
            raise UsageError(f"no case matches: {pattern}")
        matching |= found
    return matching
