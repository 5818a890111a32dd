"""The results as tables: in the terminal, or as Markdown where the output goes elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from conformance.benchmark.measure.comparison import Cell, Comparison, Turn
from conformance.benchmark.measure.hostile import Beside
from conformance.benchmark.measure.mail import Delivery
from conformance.benchmark.measure.profiling import Profile
from conformance.benchmark.measure.system_calls import Counts
from conformance.benchmark.report.goals import Verdict, cpu_per_request, rate
from conformance.benchmark.report.results import Machine, Results

__all__ = [
    "progress_line",
    "show",
    "show_comparison",
    "show_costs",
    "show_hostile",
    "show_mail",
    "show_profile",
    "show_system_calls",
    "show_verdicts",
]

LEFT = ("request", "daemon", "which", "goal", "they", "function")
UNLIMITED = 200
"""Characters in a line of a file."""

SHOWN = 25
"""Functions of a profile."""

MICRO = 1e6
MILLI = 1e3
MEGA = 1 << 20


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


def progress_line(cell: Cell) -> str:
    """One line about a cell that has just been measured."""
    rates = ", ".join(f"{name} {cell.typical(name, rate):,.0f}" for name in cell.turns)
    return f"{cell.cached:,} cached pairs, {cell.clients} clients: requests a second: {rates}"


BASES = ("limit", "real")
"""What the others are compared with: the least that any server does, and what there is to replace."""


def _ratios(cell: Cell, name: str, measure: Callable[[Turn], float]) -> Iterable[str]:
    for base in BASES:
        if base in cell.turns and name != base:
            ratio = cell.ratio(name, base, measure)
            yield from (f"{ratio.median:.2f}", f"{ratio.low:.3g}-{ratio.high:.3g}")
        else:
            yield from ("", "")


def _measured(
    title: str, measure: Callable[[Turn], float], comparison: Comparison, columns: Sequence[Column]
) -> Table:
    """A row for each daemon in each cell; the measure is compared with the limit's and the real one's."""
    titles = [column.title for column in columns]
    table = _table(title, "pairs", "clients", "daemon", *titles, "/ limit", "range", "/ real", "range")
    for cell in comparison.cells:
        for name in comparison.names:
            row = [f"{cell.cached:,}", str(cell.clients), name]
            row += [column.form.format(column.value(cell, name)) for column in columns]
            table.add_row(*row, *_ratios(cell, name, measure))
    return table


def _throughput(comparison: Comparison) -> Table:
    columns = [
        Column("requests/s", "{:,.0f}", _typical(rate)),
        Column("its core", "{:.0%}", _typical(lambda turn: turn.server_share)),
        Column("clients'", "{:.0%}", _typical(lambda turn: turn.generator_share)),
    ]
    title = "Requests a second; how much of a core the daemon uses, and all clients together"
    return _measured(title, rate, comparison, columns)


def _cost(comparison: Comparison) -> Table:
    def cost(cell: Cell, name: str) -> float:
        return cell.typical(name, cpu_per_request) * MICRO

    columns = [
        Column("CPU", "{:,.1f}", cost),
        Column("user", "{:,.1f}", lambda cell, name: cell.user_per_request(name) * MICRO),
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
    table = _table("Memory", "pairs", "daemon", "resident, KiB", "peak, KiB", "bytes per cached pair")
    for cached, by_name in comparison.memory.items():
        for name, memory in by_name.items():
            row = [f"{cached:,}", name, f"{memory.after // 1024:,}", f"{memory.peak // 1024:,}"]
            if cached:
                row.append(f"{memory.per_pair(cached):,.0f}")
            table.add_row(*row)
    return table


def _startup(startup: dict[str, list[float]]) -> Table:
    table = _table("From exec to announcement (milliseconds)", "daemon", "median", "fastest", "slowest")
    for name, seconds in startup.items():
        table.add_row(
            name, *(f"{value * MILLI:.1f}" for value in (median(seconds), min(seconds), max(seconds)))
        )
    return table


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
    placement = "the daemon on a core of its own" if machine.pinned else "on the same cores as the daemon"
    print(
        f"{machine.date}; {machine.processor}, {machine.processors} processors; {machine.kernel};"
        f" {releases}; clients in {machine.generator}, {placement}. Medians."
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


def show_hostile(count: int, found: Mapping[str, Mapping[str, Beside]]) -> None:
    """Print how long well-behaved clients wait, without and beside so many that misbehave."""
    title = f"Latency beside {count:,} clients that misbehave, and without them (milliseconds)"
    percentiles = ("p50", "p99", "p99.9", "longest")
    table = _table(
        title, "they", "daemon", "requests/s", *percentiles, *percentiles, "MB at most", "log lines"
    )
    for kind, by_name in found.items():
        for name, measured in by_name.items():
            held = [f"{measured.peak / MEGA:,.0f}", f"{measured.logged:,}"]
            if not measured.beside:
                table.add_row(kind, name, "all are kept waiting", *[""] * 4, *_waits(measured.without), *held)
                continue
            rates = median(turn.rate for turn in measured.beside)
            figures = [*_waits(measured.beside), *_waits(measured.without)]
            table.add_row(kind, name, f"{rates:,.0f}", *figures, *held)
    _print(table)


def _waits(turns: Sequence[Turn]) -> list[str]:
    """Medians of the percentiles, and the longest wait of all."""
    percentiles = ([turn.p50 for turn in turns], [turn.p99 for turn in turns], [turn.p999 for turn in turns])
    waits = [*map(median, percentiles), max(turn.longest for turn in turns)]
    return [f"{wait * MILLI:,.2f}" for wait in waits]


def show_mail(found: Mapping[str, Sequence[Delivery]]) -> None:
    """Print what a full queue's delivery came to, as medians, and the range of mails a second."""
    title = "Delivery by smtp(8): mails a second, and what the cache takes of the machine's CPU"
    columns = ("mails/s", "range", "cache's CPU, us/mail", "machine's CPU, us/mail", "cache's part", "reused")
    table = _table(title, "daemon", *columns)
    for name, turns in found.items():
        rates = [turn.mails / turn.elapsed for turn in turns]
        table.add_row(
            name,
            f"{median(rates):,.0f}",
            f"{min(rates):,.0f}-{max(rates):,.0f}",
            f"{median(turn.cache / turn.mails for turn in turns) * MICRO:,.1f}",
            f"{median(turn.machine / turn.mails for turn in turns) * MICRO:,.0f}",
            f"{median(turn.cache / turn.machine for turn in turns):.2%}",
            f"{median(turn.reused for turn in turns):.0%}",
        )
    _print(table)


def show_profile(cached: int, clients: int, profile: Profile) -> None:
    """Print the functions in which our daemon spends its time, the most expensive first."""
    total = profile.kernel.total() + profile.user.total()
    cost = profile.turn.cpu_per_request * MICRO
    title = f"{cached:,} pairs, {clients} clients: {cost:.1f} us of CPU per request, in {total:,} samples"
    table = _table(title, "function", "us", "user", "system")
    for name, _ in (profile.kernel + profile.user).most_common(SHOWN):
        user, kernel = profile.user[name] * cost / total, profile.kernel[name] * cost / total
        table.add_row(name, *(f"{value:.2f}" for value in (user + kernel, user, kernel)))
    _print(table)


def show_costs(comparison: Comparison) -> None:
    """Print what a request costs the first daemon, and the others beside it."""
    first, *others = comparison.names
    head = ["pairs", "clients", first]
    for other in others:
        head += [other, f"{other} / {first}", "from", "to"]
    table = _table("The daemon's CPU per request, in microseconds", *head)
    for cell in comparison.cells:
        row = [f"{cell.cached:,}", str(cell.clients), f"{cell.typical(first, cpu_per_request) * 1e6:.2f}"]
        for other in others:
            ratio = cell.ratio(other, first, cpu_per_request)
            row.append(f"{cell.typical(other, cpu_per_request) * 1e6:.2f}")
            row += [f"{part:.3f}" for part in (ratio.median, ratio.low, ratio.high)]
        table.add_row(*row)
    _print(table)


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print each goal with what was reached."""
    table = _table("Goals", "goal", "reached", "wanted", "verdict")
    for verdict in verdicts:
        reached = f"{verdict.reached:.3g}" if verdict.reached < 100 else f"{verdict.reached:,.0f}"
        table.add_row(verdict.what, reached, verdict.limit, "met" if verdict.good else "MISSED")
    _print(table)


def show(results: Results) -> None:
    """Print everything but the goals."""
    show_comparison(results.machine, results.comparison)
    _print(_memory(results.comparison))
    for cached in results.plan.left_out():
        print(f"Left out: {cached:,} pairs need more descriptors than ulimit -Hn allows.")
    if results.startup:
        _print(_startup(results.startup))
