"""The results as tables: in the terminal, or as Markdown where the output goes elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from conformance.benchmark.measure.comparison import Cell, Comparison, Turn
from conformance.benchmark.measure.stalled import Stalled
from conformance.benchmark.measure.system_calls import Counts
from conformance.benchmark.report.goals import (
    FLATNESS_LIMIT,
    GOALS,
    PAIR_LIMIT,
    SIMULATED_GOAL,
    STALLED_LIMIT,
    cpu_per_request,
    rate,
    verdict,
)
from conformance.benchmark.report.results import Machine, Results

__all__ = ["progress_line", "show", "show_comparison", "show_system_calls"]

LEFT = ("request", "daemon", "which")
UNLIMITED = 200
"""Characters in a line of a file."""

MICRO = 1e6
MILLI = 1e3


class Column(NamedTuple):
    """A figure of each daemon: its title, how it is printed, and where it comes from."""

    title: str
    form: str
    value: Callable[[Cell, str], float]


def _typical(value: Callable[[Turn], float]) -> Callable[[Cell, str], float]:
    return lambda cell, name: cell.typical(name, value)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    for column in columns:
        table.add_column(column, justify="left" if column in LEFT else "right")
    return table


def _goal(cell: Cell, measure: Callable[[Turn], float]) -> list[str]:
    for goal in GOALS:
        if goal.measure is measure and goal.concerns(cell):
            return [f"{goal.limit:g}", verdict(goal.holds(cell))]
    return []


def progress_line(cell: Cell) -> str:
    """One line about a cell that has just been measured."""
    rates = ", ".join(f"{name} {cell.typical(name, rate):,.0f}" for name in cell.turns)
    return f"{cell.cached:,} cached pairs, {cell.clients} clients: requests a second: {rates}"


def _measured(
    title: str, measure: Callable[[Turn], float], comparison: Comparison, columns: Sequence[Column]
) -> Table:
    """A row for each daemon in each cell; the measure is what is compared with the real one's."""
    titles = [column.title for column in columns]
    table = _table(title, "pairs", "clients", "daemon", *titles, "/ real", "range", "goal", "")
    for cell in comparison.cells:
        for name in comparison.names:
            row = [f"{cell.cached:,}", str(cell.clients), name]
            row += [column.form.format(column.value(cell, name)) for column in columns]
            if name != "real" and "real" in cell.turns:
                ratio = cell.ratio(name, "real", measure)
                row += [f"{ratio.median:.2f}", f"{ratio.low:.3g}-{ratio.high:.3g}"]
                row += _goal(cell, measure) if name == "ours" else []
            table.add_row(*row)
    return table


def _throughput(comparison: Comparison) -> Table:
    columns = [
        Column("requests/s", "{:,.0f}", _typical(rate)),
        Column("its core", "{:.0%}", _typical(lambda turn: turn.server_share)),
        Column("generator's", "{:.0%}", _typical(lambda turn: turn.generator_share)),
    ]
    title = "Requests a second; how busy the daemon and the load generator keep a core"
    return _measured(title, rate, comparison, columns)


def _cost(comparison: Comparison) -> Table:
    def cost(cell: Cell, name: str) -> float:
        return cell.typical(name, cpu_per_request) * MICRO

    columns = [
        Column("CPU", "{:,.1f}", cost),
        Column("user", "{:,.1f}", lambda cell, name: cost(cell, name) * cell.user_share(name)),
        Column("system", "{:,.1f}", lambda cell, name: cost(cell, name) * (1 - cell.user_share(name))),
    ]
    return _measured("The daemon's CPU per request (microseconds)", cpu_per_request, comparison, columns)


def _latency(comparison: Comparison) -> Table:
    table = _table("Latency of a request (microseconds)", "pairs", "clients", "daemon", "p50", "p99", "p99.9")
    for cell in comparison.cells:
        for name in comparison.names:
            values = [
                f"{cell.typical(name, value) * MICRO:,.0f}"
                for value in (lambda t: t.p50, lambda t: t.p99, lambda t: t.p999)
            ]
            table.add_row(f"{cell.cached:,}", str(cell.clients), name, *values)
    return table


def _memory(comparison: Comparison) -> Table:
    columns = ("pairs", "daemon", "resident, KiB", "peak, KiB", "bytes per cached pair", "goal", "")
    table = _table("Memory", *columns)
    for cached, by_name in comparison.memory.items():
        for name, memory in by_name.items():
            row = [f"{cached:,}", name, f"{memory.after // 1024:,}", f"{memory.peak // 1024:,}"]
            if cached:
                row.append(f"{memory.per_pair(cached):,.0f}")
            if cached and name == "ours":
                row += [f"{PAIR_LIMIT:,}", verdict(memory.per_pair(cached) <= PAIR_LIMIT)]
            table.add_row(*row)
    return table


def _startup(startup: dict[str, list[float]]) -> Table:
    table = _table("From exec to announcement (milliseconds)", "daemon", "median", "fastest", "slowest")
    for name, seconds in startup.items():
        table.add_row(
            name, *(f"{value * MILLI:.1f}" for value in (median(seconds), min(seconds), max(seconds)))
        )
    return table


def _flatness_line(comparison: Comparison) -> str:
    clients = comparison.cells[-1].clients
    cells = [cell for cell in comparison.cells if cell.clients == clients]
    costs = [cell.typical("ours", cpu_per_request) for cell in cells]
    grown = costs[-1] / costs[0]
    return (
        f"ours: with {cells[-1].cached:,} pairs {grown:.2f} times the CPU per request that it takes with"
        f" {cells[0].cached:,}, {clients} clients ({FLATNESS_LIMIT} {verdict(grown <= FLATNESS_LIMIT)})"
    )


def _stalled_lines(stalled: dict[str, Stalled]) -> Iterable[str]:
    for name, found in stalled.items():
        if not found.serves_others:
            yield f"{name}: one client that stops in the middle of a request keeps everybody waiting"
            continue
        pairs = list(zip(found.beside, found.without, strict=True))
        rates = median(beside.rate / without.rate for beside, without in pairs)
        p99 = median(beside.p99 / without.p99 for beside, without in pairs)
        yield (
            f"{name}: beside a stalled client {rates:.2f} times the requests a second,"
            f" {p99:.2f} times the p99 latency ({STALLED_LIMIT} {verdict(p99 <= STALLED_LIMIT)})"
        )


def _print(table: Table) -> None:
    """The table with its title above; where the output is no terminal, as wide as need be, as Markdown."""
    console = Console()
    if console.is_terminal:
        table.box, table.title_justify = box.SIMPLE_HEAD, "left"
    else:
        console = Console(width=UNLIMITED)
        table.box = box.MARKDOWN
        print(f"\n{table.title}\n")
        table.title = None
    console.print(table)


def show_comparison(machine: Machine, comparison: Comparison) -> None:
    """Print where it was measured, throughput, cost and latency."""
    releases = ", ".join(f"{name}: {version}" for name, version in machine.contestants.items())
    print(
        f"{machine.date}; {machine.processor}, {machine.processors} processors; {machine.kernel};"
        f" {releases}; load generator in {machine.generator}. Medians."
    )
    _print(_throughput(comparison))
    _print(_cost(comparison))
    _print(_latency(comparison))


def show_system_calls(counts: dict[str, dict[str, Counts]]) -> None:
    """Print the system calls by daemon and kind of request."""
    table = _table("System calls per request, one client", "request", "daemon", "all", "which")
    for kind in next(iter(counts.values())):
        for name, by_kind in counts.items():
            calls = sorted(by_kind[kind].items(), key=lambda item: (-item[1], item[0]))
            which = ", ".join(f"{call} {round(count, 1):g}" for call, count in calls)
            table.add_row(kind, name, f"{round(sum(by_kind[kind].values()), 1):g}", which)
    _print(table)


def show(results: Results) -> None:
    """Print everything."""
    show_comparison(results.machine, results.comparison)
    print(_flatness_line(results.comparison))
    _print(_memory(results.comparison))
    for cached in results.plan.left_out():
        print(f"Left out: {cached:,} pairs need more descriptors than ulimit -Hn allows.")
    if results.startup:
        _print(_startup(results.startup))
    if results.simulated:
        simulated = median(results.simulated)
        print(
            f"ours, simulated: {simulated:,.0f} requests in a second of CPU"
            f" ({SIMULATED_GOAL:,} {verdict(simulated >= SIMULATED_GOAL)})"
        )
    for line in _stalled_lines(results.stalled):
        print(line)
