"""What the bench measured elsewhere, for the page of a run: benchmark, simulation, differential run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log10
from pathlib import Path
from statistics import median
from typing import Any

from scache.errors import UsageError

__all__ = ["Figure", "read_figures"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A table whose numbers are bars, too.

    note: what is to be known of it. rows: what a row is about, and a number for each column. logarithmic: the
    bars, because the numbers are of all sizes.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float, ...]], ...]
    logarithmic: bool = False

    def share(self, number: float) -> float:
        """How long the number's bar is: 0 to 100."""
        most = max((each for _, numbers in self.rows for each in numbers), default=0)
        if number <= 0:
            return 0.0
        return 100 * (log10(1 + number) / log10(1 + most) if self.logarithmic else number / most)


def read_figures(path: Path) -> list[Figure]:
    """Those of a file that `benchmark`, `simulate` or `diff` wrote as JSON. Raises UsageError, OSError."""
    try:
        found = json.loads(path.read_bytes())
    except ValueError as failure:
        raise UsageError(f"{path}: no JSON: {failure}") from failure
    for mark, figures in _KINDS.items():
        if isinstance(found, dict) and mark in found:
            try:
                return list(figures(found))
            except (KeyError, TypeError, AttributeError) as failure:
                raise UsageError(f"{path}: something is missing in it: {failure}") from failure
    raise UsageError(f"{path}: not written by benchmark, simulate or diff")


def _benchmark(found: Mapping[str, Any]) -> Iterator[Figure]:
    machine = found["machine"]
    note = (
        f"{machine['processor']}, {machine['processors']} processors, {machine['kernel']}, {machine['date']}"
    )
    names = tuple(dict.fromkeys(name for cell in found["cells"] for name in cell["turns"]))
    measures = (
        ("Requests a second", "rate", 1.0),
        ("Processor time of a request, in microseconds", "cpu_per_request", 1e6),
    )
    for title, measure, unit in measures:
        rows = tuple(
            (
                f"{cell['cached']:,} cached pairs, {cell['clients']} clients",
                tuple(
                    unit * median(turn[measure] for turn in cell["turns"][name])
                    if cell["turns"].get(name)
                    else 0
                    for name in names
                ),
            )
            for cell in found["cells"]
        )
        yield Figure(title, f"Medians of turns; {note}", names, rows)


def _simulation(found: Mapping[str, Any]) -> Iterator[Figure]:
    happened = "an invariant failed" if found["failed"] else "every invariant held"
    note = f"{found['runs']:,} runs from seed {found['seed']}, {found['requests']:,} requests: {happened}"
    rows = tuple((text, (number,)) for text, number in found["situations"].items())
    yield Figure("What happened in the simulation", note, ("times",), rows, logarithmic=True)


def _differential(found: Mapping[str, Any]) -> Iterator[Figure]:
    differ = "a difference" if found["differs"] else "no difference"
    note = (
        f"{found['left']} and {found['right']}, {found['steps']:,} steps from seed {found['seed']}: {differ}"
    )
    rows = tuple((text, (number,)) for text, number in found["seldom"].items())
    yield Figure("What the differential run met", note, ("times",), rows, logarithmic=True)


#: What only such a file has -> its figures.
_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Figure]]] = {
    "cells": _benchmark,
    "situations": _simulation,
    "seldom": _differential,
}
