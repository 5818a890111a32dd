"""`python -m conformance benchmark`: ours and the real scache side by side."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from conformance.benchmark.load.generator import HERE, compile_program, generator_command
from conformance.benchmark.measure.comparison import Plan, compare
from conformance.benchmark.measure.daemons import Contestant, ours, python_program, real
from conformance.benchmark.measure.endurance import GROWTH_LIMIT, Sample, growth, measure_endurance
from conformance.benchmark.measure.process import generator_processors
from conformance.benchmark.measure.profiling import measure_profile
from conformance.benchmark.measure.simulated import measure_simulated
from conformance.benchmark.measure.stalled import measure_stalled
from conformance.benchmark.measure.startup import measure_startup
from conformance.benchmark.measure.system_calls import count_system_calls
from conformance.benchmark.report.chart import draw_chart
from conformance.benchmark.report.goals import SHORT_BOUNDS
from conformance.benchmark.report.results import Results, as_json, this_machine
from conformance.benchmark.report.tables import progress_line, show, show_comparison, show_system_calls
from conformance.postfix.master import Command
from scache.errors import UnavailableError, UsageError

__all__ = ["add_arguments", "run"]

FULL = Plan()
SHORT = Plan(cached=(0, 1000), clients=(16,), turns=5, seconds=0.2)
LONGEST_TURN = 600
LIMIT_SOURCE = "limit_echo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--cached", type=int, nargs="+", metavar="PAIRS", help="numbers of cached pairs")
    parser.add_argument("--clients", type=int, nargs="+", metavar="CLIENTS", help="numbers of clients")
    parser.add_argument("--turns", type=int, help="turns of each daemon with each number of both")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write an SVG chart of the cost to FILE")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--short", action="store_true", help="a few turns against generous bounds; status 1 below"
    )
    kind.add_argument("--profile", action="store_true", help="show where our daemon's time goes")
    kind.add_argument("--limit", action="store_true", help="beside the least that a server could do")
    kind.add_argument("--system-calls", action="store_true", help="count them by kind of request (strace)")
    kind.add_argument(
        "--endurance", type=int, metavar="REQUESTS", help="whether our memory stays flat; status 1 if not"
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out: exit status 0, or 1 where a bound is broken.

    Raises UsageError, UnavailableError, and RemoteError where a daemon gives a wrong answer under load.
    """
    if os.geteuid() != 0:
        raise UnavailableError("only root can play master(8)")
    plan = _plan(arguments)
    os.sched_setaffinity(0, generator_processors())
    with tempfile.TemporaryDirectory(prefix="scache-benchmark-") as directory:
        command = generator_command(Path(directory))
        if arguments.profile:
            return _profile(plan, command)
        if arguments.endurance is not None:
            return _endurance(arguments.endurance, command)
        if arguments.limit:
            return _limit(plan, command, Path(directory))
        if arguments.system_calls:
            show_system_calls({one.name: count_system_calls(one) for one in (ours(), _real())})
            return 0
        return _compare(arguments, plan, command)


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = SHORT if arguments.short else FULL
    if arguments.cached is not None:
        plan = replace(plan, cached=tuple(arguments.cached))
    if arguments.clients is not None:
        plan = replace(plan, clients=tuple(arguments.clients))
    if arguments.turns is not None:
        plan = replace(plan, turns=arguments.turns)
    if arguments.seconds is not None:
        plan = replace(plan, seconds=arguments.seconds)
    counts = [*plan.clients, plan.turns, 1 if arguments.endurance is None else arguments.endurance]
    if min(plan.cached) < 0 or min(counts) < 1 or not 0 < plan.seconds <= LONGEST_TURN:
        raise UsageError(
            f"every number must be positive (pairs may be 0), a turn at most {LONGEST_TURN} seconds"
        )
    if arguments.short and (arguments.cached or arguments.clients):
        raise UsageError("--short has its own numbers of pairs and clients, which its bounds are about")
    if len(plan.left_out()) == len(plan.cached):
        raise UnavailableError(f"{min(plan.cached):,} pairs need more descriptors than ulimit -Hn allows")
    for path in (arguments.json, arguments.chart):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"{path}: its directory does not exist")
    return plan


def _real() -> Contestant:
    contestant = real()
    if contestant is None:
        raise UnavailableError("no Postfix is installed (no postconf command) to compare with")
    return contestant


def _compare(arguments: argparse.Namespace, plan: Plan, command: list[str]) -> int:
    contestants = [ours(), _real()]
    comparison = compare(contestants, plan, command, lambda cell: print(progress_line(cell), flush=True))
    results = Results(this_machine(contestants, command), plan, comparison)
    if not arguments.short:
        results.startup.update(measure_startup(contestants, plan.turns))
        results.simulated.extend(measure_simulated(plan.turns))
        for contestant in contestants:
            results.stalled[contestant.name] = measure_stalled(contestant, command, plan.turns, plan.seconds)
    show(results)
    try:
        if arguments.json:
            arguments.json.write_text(json.dumps(as_json(results), indent=1) + "\n")
        if arguments.chart:
            draw_chart(comparison, arguments.chart)
    except OSError as failure:
        raise UsageError(f"{failure.filename}: {failure.strerror}") from failure
    return _judge(results) if arguments.short else 0


def _judge(results: Results) -> int:
    broken = [
        bound
        for bound in SHORT_BOUNDS
        for cell in results.comparison.cells
        if bound.concerns(cell) and not bound.holds(cell)
    ]
    for bound in broken:
        print(f"broken: {bound}")
    return 1 if broken else 0


def _profile(plan: Plan, command: list[str]) -> int:
    for cached in plan.cached:
        measure_profile(command, cached, 5 * plan.seconds)
    return 0


def _limit(plan: Plan, command: list[str], directory: Path) -> int:
    contestants: list[Contestant] = [ours(), _real()]
    contestants.append(python_program("echo, Python", [str(HERE / (LIMIT_SOURCE + ".py"))]))
    program = compile_program(LIMIT_SOURCE + ".c", directory)
    if program is not None:
        contestants.append(Contestant("echo, C", Command(Path(program[0])), "no more than the messages"))
    plan = Plan((0,), plan.clients, plan.turns, plan.seconds)
    comparison = compare(contestants, plan, command, lambda cell: print(progress_line(cell), flush=True))
    show_comparison(this_machine(contestants, command), comparison)
    return 0


def _endurance(requests: int, command: list[str]) -> int:
    def show_sample(sample: Sample) -> None:
        print(
            f"{sample.requests:>12,} requests: {sample.resident // 1024:,} KiB resident,"
            f" {sample.descriptors:,} descriptors",
            flush=True,
        )

    samples = measure_endurance(ours(), command, requests, show_sample)
    grown = growth(samples)
    print(f"largest in the second half / largest in the first: {grown:.3f} (at most {GROWTH_LIMIT:g})")
    return 0 if grown <= GROWTH_LIMIT else 1
