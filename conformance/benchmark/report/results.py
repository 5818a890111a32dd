"""All that a run has found out, and its JSON form."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from conformance.benchmark.daemons import Contestant
from conformance.benchmark.measure.comparison import Cell, Comparison, Plan
from conformance.benchmark.report.goals import cpu_per_request, rate

__all__ = ["Machine", "Results", "as_json", "this_machine"]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when it was measured."""

    processor: str
    processors: int
    kernel: str
    contestants: dict[str, str]
    generator: str
    pinned: bool
    date: str


@dataclass(frozen=True, slots=True)
class Results:
    """A comparison and what was measured beside it: seconds to start, simulated requests a second."""

    machine: Machine
    plan: Plan
    comparison: Comparison
    startup: dict[str, list[float]] = field(default_factory=dict)
    simulated: list[float] = field(default_factory=list)


def this_machine(contestants: Sequence[Contestant], command: list[str]) -> Machine:
    """The machine, the releases that are compared, the load generator, and whether they share processors."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.machine(),
        processors=os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        contestants={contestant.name: contestant.version for contestant in contestants},
        generator="C" if command[0].endswith("load") else "Python",
        pinned=any(contestant.processors for contestant in contestants),
        date=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _cell_as_json(cell: Cell) -> dict[str, Any]:
    measures = {"requests_per_second": rate, "cpu_per_request": cpu_per_request}
    ratios = {
        f"{name}/{other}": {
            measure: asdict(cell.ratio(name, other, value)) for measure, value in measures.items()
        }
        for other in ("limit", "real")
        for name in cell.turns
        if other in cell.turns and name != other
    }
    return {"cached": cell.cached, "clients": cell.clients, "turns": asdict(cell)["turns"], "ratios": ratios}


def as_json(results: Results) -> dict[str, Any]:
    """Everything, in seconds and bytes; every turn, so that anybody can count again."""
    return {
        "machine": asdict(results.machine),
        "plan": asdict(results.plan),
        "left_out": results.plan.left_out(),
        "cells": [_cell_as_json(cell) for cell in results.comparison.cells],
        "memory": {
            cached: {name: asdict(memory) for name, memory in by_name.items()}
            for cached, by_name in results.comparison.memory.items()
        },
        "startup": {name: {"median": median(times), "all": times} for name, times in results.startup.items()},
        "simulated": results.simulated,
    }
