"""The wrong daemons as rows of a table: what each does otherwise, and what caught it, how soon."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.sabotage.catching import Catch
from conformance.sabotage.planting import CONTROL, sabotages
from conformance.sabotage.results import Results, Shown

__all__ = ["rows", "totals"]


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


def totals() -> tuple[int, int, int, int, int, int]:
    """How many there are that change a rule; how many of them the catalogue catches; with how many diff was
    measured, and how many it catches; the same of the simulation.
    """
    results = Results.load()
    shown = [results.shown.get(each.name, Shown()) for each in sabotages().values() if each.kind != CONTROL]
    return (
        len(shown),
        sum(bool(each.red) for each in shown),
        sum(each.difference is not None for each in shown),
        sum(bool(each.difference) for each in shown),
        sum(each.simulation is not None for each in shown),
        sum(bool(each.simulation) for each in shown),
    )


def _cases(results: Results, witnesses: Mapping[str, str], name: str) -> str:
    """How many cases, and one of them: one that this sabotage is the narrowest for, if there is."""
    red = results.shown.get(name, Shown()).red
    own = [case for case in red if witnesses[case] == name]
    return f"{len(red)}: {[*own, *red][0]}" if red else "-"


def _count(catch: Catch | None, unit: str) -> str:
    if catch is None:
        return "not measured"
    return f"{catch.count:,} {unit}, {catch.seconds:g} s" if catch else f"not in {catch.count:,} {unit}"
