"""The lab's figures as tables for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from conformance.lab.outcome import Outcome
from conformance.lab.scenarios import Scenario

__all__ = ["figures", "histogram", "outcome_table", "scenario_table"]

USE_BANDS = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257)
"""Lower ends of the conn_use histogram's bands."""


def scenario_table(scenarios: Sequence[Scenario]) -> Table:
    """Names, mails and one sentence each."""
    table = Table("scenario", "short", "long", "what it is", title="mails of the short and the long form")
    for scenario in scenarios:
        mails = [str(scenario.mails(long) * scenario.instances) for long in (False, True)]
        table.add_row(scenario.name, *mails, scenario.about)
    return table


def outcome_table(scenario: Scenario, outcomes: Mapping[str, Outcome]) -> Table:
    """One row a figure, one column an scache."""
    table = Table("figure", title=f"{scenario.name}: {scenario.about}", title_justify="left")
    for variant in outcomes:
        table.add_column(variant, justify="right")
    columns = [dict(figures(outcome)) for outcome in outcomes.values()]
    names = {name: None for column in columns for name in column}
    for name in names:
        table.add_row(name, *(column.get(name, "0") for column in columns))
    return table


def figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """The figures of one run, by name."""
    yield "runs", str(outcome.runs)
    yield "mails delivered", f"{outcome.delivered} of {outcome.injected}"
    yield "connections at the sinks", str(outcome.connections)
    yield "deliveries over a used connection", str(outcome.reused)
    yield "conn_use histogram", histogram(outcome.tally.uses)
    for name in ("domain", "address"):
        hits, misses = (outcome.tally.lookups[f"{name} {result}"] for result in ("hits", "miss"))
        yield f"{name} lookups: hits, misses", f"{hits}, {misses}"
    for name in ("domains", "addresses", "connection"):
        yield f"max simultaneous {name}", str(outcome.tally.maxima[name])
    yield "reloads", str(outcome.tally.reloads)
    for kind, count in sorted(outcome.warnings().items()):
        yield kind, str(count)


def histogram(uses: Counter[int]) -> str:
    """How many deliveries went over a connection in its first, second... use, in bands that double."""
    bands = []
    for first, after in zip(USE_BANDS, (*USE_BANDS[1:], None), strict=True):
        count = sum(n for use, n in uses.items() if use >= first and (after is None or use < after))
        if count:
            last = "" if after is None else str(after - 1)
            bands.append(f"{first}: {count}" if last == str(first) else f"{first}-{last}: {count}")
    return ", ".join(bands)
