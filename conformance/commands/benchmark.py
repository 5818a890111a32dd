"""`python -m conformance benchmark`: ours, the real scache, and the least that a server can do."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from conformance.benchmark.daemons import Contestant, compiled, ours, python_program, real
from conformance.benchmark.load.generator import HERE, compile_program, generator_command
from conformance.benchmark.load.mischief import MISCHIEF
from conformance.benchmark.measure.comparison import Comparison, Plan, compare
from conformance.benchmark.measure.endurance import GROWTH_LIMIT, Sample, growth, measure_endurance
from conformance.benchmark.measure.hostile import measure_hostile
from conformance.benchmark.measure.mail import measure_mail
from conformance.benchmark.measure.process import apart
from conformance.benchmark.measure.profiling import measure_profile
from conformance.benchmark.measure.simulated import measure_simulated
from conformance.benchmark.measure.startup import measure_startup
from conformance.benchmark.measure.system_calls import count_system_calls
from conformance.benchmark.report.chart import draw_chart
from conformance.benchmark.report.goals import (
    GOALS,
    SHORT_BOUNDS,
    Verdict,
    judge,
    judge_flatness,
    judge_hostile,
    judge_memory,
    judge_simulated,
    judge_watch,
)
from conformance.benchmark.report.results import Results, as_json, this_machine
from conformance.benchmark.report.tables import (
    progress_line,
    show,
    show_costs,
    show_hostile,
    show_mail,
    show_profile,
    show_system_calls,
    show_verdicts,
)
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.instance.variants import compiled as compiled_daemon
from conformance.postfix.installations import private_postfix
from conformance.postfix.master import Command
from scache.commands.numbers import count, duration, positive
from scache.errors import UnavailableError, UsageError
from scache.files import check_writable, write_whole

__all__ = ["add_arguments", "run"]

FULL = Plan()
SHORT = Plan(cached=(0, 4000), clients=(16,), seconds=0.15)
WATCH = Plan(cached=(16_000,), clients=(4, 16), turns=15)
ROUNDS = 3
"""So often a short run is made at most, all its turns judged together, before a bound counts as missed: who
gets a processor that others want is chance, and evens out.
"""
LONGEST_TURN = 600
PROFILED_TURNS = 8
"""How long a profile takes, in turns."""
LIMIT_SOURCE = "limit_echo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache-conformance benchmark --short. Exit status: 0 all goals are reached, 1 one is "
        "missed, 2 it can't be measured."
    )
    parser.add_argument("--cached", type=count, nargs="+", metavar="N", help="numbers of cached pairs")
    parser.add_argument(
        "--clients", type=positive, nargs="+", metavar="N", help="numbers of clients, a process each"
    )
    parser.add_argument("--turns", type=positive, help="turns of each daemon with each number of both")
    parser.add_argument("--seconds", type=duration, help="length of a turn")
    parser.add_argument("--pinned", action="store_true", help="give the daemon a processor of its own")
    parser.add_argument(
        "--compiled", type=Path, metavar="DIR", help="with the compiled build that was installed into DIR"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="write an SVG chart of the cost to FILE")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--short", action="store_true", help="a few turns against bounds that a busy machine keeps"
    )
    kind.add_argument("--profile", action="store_true", help="show where our daemon's time goes (perf)")
    kind.add_argument(
        "--hostile", type=positive, metavar="N", help="how others fare beside N clients that misbehave"
    )
    kind.add_argument(
        "--mail",
        type=positive,
        metavar="MAILS",
        help="deliver so many mails by real smtp(8), in turn; with --compiled, too",
    )
    kind.add_argument(
        "--watch", action="store_true", help="what scache_watch costs a request, of the usual mix"
    )
    kind.add_argument("--system-calls", action="store_true", help="count them by kind of request (strace)")
    kind.add_argument(
        "--endurance",
        type=positive,
        metavar="REQUESTS",
        help="whether our memory stays flat",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out: exit status 0, or 1 where a goal is missed.

    Raises UsageError, UnavailableError, and RemoteError where a daemon gives a wrong answer under load.
    """
    if os.geteuid() != 0:
        raise UnavailableError("only root can play master(8)")
    plan = _plan(arguments)
    with tempfile.TemporaryDirectory(prefix="scache-benchmark-") as directory:
        command = generator_command(Path(directory))
        if arguments.profile:
            return _profile(plan, command)
        if arguments.endurance is not None:
            return _endurance(arguments.endurance, command)
        if arguments.hostile is not None:
            return _hostile(plan, command, arguments.hostile)
        if arguments.watch:
            comparison = _measure([ours(), ours("watching", scache_watch="yes")], plan, command)
            show_costs(comparison)
            return _conclude(judge_watch(comparison))
        if arguments.mail is not None:
            variants = {name: VARIANTS[name] for name in ("ours", "real")}
            if arguments.compiled:
                variants["compiled"] = compiled_daemon(arguments.compiled.resolve())
            show_mail(measure_mail(variants, private_postfix(), arguments.mail, plan.turns))
            return 0
        if arguments.system_calls:
            show_system_calls({one.name: count_system_calls(one) for one in (ours(), _real())})
            return 0
        contestants = _contestants(Path(directory), arguments.compiled)
        if arguments.pinned:
            contestants = _pin(contestants)
        return _compare(arguments, plan, command, contestants)


def _contestants(directory: Path, place: Path | None) -> list[Contestant]:
    """Ours, in both builds, the real one, and the least that a server could do, in Python and in C."""
    plain_loop = python_program("plain loop", [str(HERE / (LIMIT_SOURCE + ".py"))])
    contestants = [ours(), *([compiled(place)] if place else []), _real(), plain_loop]
    program = compile_program(LIMIT_SOURCE + ".c", directory)
    if program is not None:
        contestants.append(Contestant("limit", Command(Path(program[0])), "C, without checks"))
    return contestants


def _pin(contestants: Sequence[Contestant]) -> list[Contestant]:
    """Let the daemons have a processor of their own; this process and its children go elsewhere."""
    daemons, others = apart()
    os.sched_setaffinity(0, others)
    return [replace(contestant, processors=daemons) for contestant in contestants]


def _plan(arguments: argparse.Namespace) -> Plan:
    plan = SHORT if arguments.short else WATCH if arguments.watch else FULL
    if arguments.cached is not None:
        plan = replace(plan, cached=tuple(arguments.cached))
    if arguments.clients is not None:
        plan = replace(plan, clients=tuple(arguments.clients))
    if arguments.turns is not None:
        plan = replace(plan, turns=arguments.turns)
    if arguments.seconds is not None:
        plan = replace(plan, seconds=arguments.seconds)
    if plan.seconds > LONGEST_TURN:
        raise UsageError(f"argument --seconds: a turn lasts at most {LONGEST_TURN} seconds")
    if arguments.short and (arguments.cached or arguments.clients):
        raise UsageError("--short has its own numbers of pairs and clients, which its bounds are about")
    if len(plan.left_out()) == len(plan.cached):
        raise UnavailableError(f"{min(plan.cached):,} pairs need more descriptors than ulimit -Hn allows")
    for path in (arguments.json, arguments.chart):
        if path is not None:
            check_writable(path)
    return plan


def _real() -> Contestant:
    contestant = real()
    if contestant is None:
        raise UnavailableError("no Postfix is installed (no postconf command) to compare with")
    return contestant


def _compare(
    arguments: argparse.Namespace, plan: Plan, command: list[str], contestants: list[Contestant]
) -> int:
    comparison = _measure(contestants, plan, command)
    for _ in range(ROUNDS - 1 if arguments.short else 0):
        if all(verdict.good for verdict in _short_verdicts(comparison)):
            break
        comparison += _measure(contestants, plan, command)
    results = Results(this_machine(contestants, command), plan, comparison)
    if not arguments.short:
        results.startup.update(measure_startup(contestants, plan.turns))
        results.simulated.extend(measure_simulated(plan.turns))
    show(results)
    if arguments.json:
        write_whole(arguments.json, f"{json.dumps(as_json(results), indent=1)}\n".encode())
    if arguments.chart:
        draw_chart(comparison, arguments.chart)
    return _conclude(_short_verdicts(comparison) if arguments.short else _verdicts(results))


def _measure(contestants: list[Contestant], plan: Plan, command: list[str]) -> Comparison:
    return compare(contestants, plan, command, lambda cell: print(progress_line(cell), flush=True))


def _short_verdicts(comparison: Comparison) -> list[Verdict]:
    found = judge(SHORT_BOUNDS, comparison)
    if len(found) < len(SHORT_BOUNDS):
        raise UnavailableError("without a C compiler there is no limit to compare with")
    return found + judge_memory(comparison)


def _verdicts(results: Results) -> list[Verdict]:
    comparison = results.comparison
    return [
        *judge(GOALS, comparison),
        *judge_flatness(comparison),
        *judge_memory(comparison),
        *judge_simulated(results.simulated),
    ]


def _conclude(verdicts: Sequence[Verdict]) -> int:
    """Show the verdicts; the exit status that they come to."""
    show_verdicts(verdicts)
    return 0 if all(verdict.good for verdict in verdicts) else 1


def _profile(plan: Plan, command: list[str]) -> int:
    for cached in plan.cached:
        for clients in plan.clients:
            profile = measure_profile(ours(), command, cached, clients, PROFILED_TURNS * plan.seconds)
            show_profile(cached, clients, profile)
    return 0


def _hostile(plan: Plan, command: list[str], count: int) -> int:
    found = {
        kind: {
            one.name: measure_hostile(one, command, kind, count, plan.turns, plan.seconds)
            for one in (ours(), _real())
        }
        for kind in MISCHIEF
    }
    show_hostile(count, found)
    return _conclude(judge_hostile(found))


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
