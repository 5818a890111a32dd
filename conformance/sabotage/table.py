"""The wrong daemons as rows of a table: what each does otherwise, and what caught it, how soon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.sabotage.catching import Catch
from conformance.sabotage.planting import CONTROL, sabotages
from conformance.sabotage.results import Results, Shown

__all__ = ["kinds", "rows"]


def rows() -> list[tuple[str, str, str, str, str]]:
    """Kind, what it does otherwise, and what the catalogue, diff and the simulation made of it."""
    results = Results.load()
    witnesses = results.witnesses()
    return [
        (
            each.kind,
            each.name,
            _cases(results, witnesses, each.name),
            _count((shown := results.shown.get(each.name, Shown())).difference, "steps"),
            _count(shown.simulation, "requests"),
        )
        for each in sabotages().values()
    ]


def kinds() -> list[tuple[str, str, str, str, str]]:
    """Of each kind that breaks rules, and of all: how many there are, how many the catalogue catches, and how
    many diff and the simulation catch of those with which they were measured.
    """
    results = Results.load()
    by_kind: dict[str, list[Shown]] = {}
    for each in sabotages().values():
        if each.kind != CONTROL:
            by_kind.setdefault(each.kind, []).append(results.shown.get(each.name, Shown()))
    by_kind["all"] = [shown for kind in by_kind.values() for shown in kind]
    return [
        (
            kind,
            str(len(shown)),
            str(sum(bool(each.red) for each in shown)),
            _share([each.difference for each in shown]),
            _share([each.simulation for each in shown]),
        )
        for kind, shown in by_kind.items()
    ]


def _share(catches: Iterable[Catch | None]) -> str:
    """How many were caught of those that were measured."""
    measured = [bool(catch) for catch in catches if catch is not None]
    return f"{sum(measured)} of {len(measured)}" if measured else "not measured"


def _cases(results: Results, witnesses: Mapping[str, str], name: str) -> str:
    """How many cases, and one of them: one that this sabotage is the narrowest for, if there is."""
    red = results.shown.get(name, Shown()).red
    own = [case for case in red if witnesses[case] == name]
    return f"{len(red)}: {[*own, *red][0]}" if red else "-"


def _count(catch: Catch | None, unit: str) -> str:
    if catch is None:
        return "not measured"
    return f"{catch.count:,} {unit}, {catch.seconds:g} s" if catch else f"not in {catch.count:,} {unit}"
