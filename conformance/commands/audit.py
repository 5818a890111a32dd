"""`python -m conformance audit`: is every case seen red, and every wrong daemon caught?"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import TypeVar

from tqdm import tqdm

from conformance.catalogue.cases import CATALOGUE, SANITY
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.sabotage.catching import Catch, by_difference, by_simulation, red_cases
from conformance.sabotage.planting import CONTROL, Sabotage, sabotages
from conformance.sabotage.results import Results
from scache.commands.numbers import count, duration, positive
from scache.errors import UsageError

__all__ = ["add_arguments", "run"]

T = TypeVar("T")

#: Cases that a sabotage has to turn red again in a sample, at most.
_CASES = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `audit`."""
    parser.epilog = (
        "Example: scache-conformance audit --by simulation --missing. Exit status: 0 all are caught, and no "
        "control is, 1 not so, 2 it can't be said."
    )
    parser.add_argument("sabotage", nargs="*", metavar="NAME", help="only these; any part of a name will do")
    parser.add_argument(
        "--by",
        action="append",
        choices=("catalogue", "diff", "simulation"),
        help="what is to catch them; may be repeated; default: look at what is known, and run nothing",
    )
    parser.add_argument(
        "--seconds",
        type=duration,
        default=180.0,
        metavar="S",
        help="of processor time, for diff and simulation each",
    )
    parser.add_argument("--missing", action="store_true", help="only those of which that isn't stored yet")
    parser.add_argument("--sample", type=positive, metavar="N", help="see so many known results again")
    parser.add_argument("--turn", type=count, default=0, metavar="T", help="which ones: the T-th N of them")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count(), metavar="N", help="at once")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: every case has its sabotage, every sabotage is caught, no control is; 1: not."""
    chosen = [
        each
        for each in sabotages().values()
        if not arguments.sabotage or any(part in each.name for part in arguments.sabotage)
    ]
    if not chosen:
        raise UsageError("no sabotage has that in its name")
    results = Results.load()
    if arguments.sample:
        return _see_again(chosen, results, arguments)
    for means in arguments.by or ():
        due = [each for each in chosen if not (arguments.missing and results.knows(means, each.name))]
        for name, what in _measure(means, due, arguments):
            results.note(name, **what)
            results.save()
    return _verdict(results)


def _every_case() -> list[Case]:
    return [SANITY, *CATALOGUE, *golden_cases()]


def _measure(
    means: str, chosen: Sequence[Sabotage], arguments: argparse.Namespace
) -> Iterator[tuple[str, dict[str, object]]]:
    """What each of them shows, as it is to be noted."""
    if means == "catalogue":
        cases = len(_every_case())
        for name, red in _in_processes(_red, chosen, arguments.jobs):
            yield name, {"red": tuple(red), "of": cases}
        return
    attempt = partial(_caught, by_difference if means == "diff" else by_simulation, arguments.seconds)
    for name, catch in _in_processes(attempt, chosen, arguments.jobs):
        yield name, {"difference" if means == "diff" else "simulation": catch}


def _in_processes(work: Callable[[str], T], chosen: Sequence[Sabotage], jobs: int) -> Iterator[tuple[str, T]]:
    """What the work gives for each; every process plants in itself alone."""
    names = [each.name for each in chosen]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        yield from zip(names, tqdm(pool.map(work, names), total=len(names), disable=None), strict=True)


def _red(name: str, cases: Sequence[Case] | None = None) -> list[str]:
    """The cases that it turns red, in memory or, where a case needs a process, in one."""
    sabotage = sabotages()[name]
    cases = cases or [case for case in _every_case() if _may_see(case, sabotage)]
    red = red_cases(sabotage, cases)
    if sabotage.kind in _SEEN_FROM_OUTSIDE:
        red += red_cases(sabotage, [case for case in cases if _needs_process(case)], process=True)
    return red


#: Kinds whose sabotages only a process shows, or may.
_SEEN_FROM_OUTSIDE = ("accumulation", "process", CONTROL)

#: Groups that take long, and the kinds of sabotage for which they were written: others don't play them.
_LONG_GROUPS = {
    "endurance": ("beyond a number", "accumulation", CONTROL),
    "size": ("beyond a size", "readers", CONTROL),
    "reader": ("readers", CONTROL),
}


def _may_see(case: Case, sabotage: Sabotage) -> bool:
    return sabotage.kind in _LONG_GROUPS.get(case.group, (sabotage.kind,))


def _needs_process(case: Case) -> bool:
    return "process" in case.needs or case.group == "config"


def _caught(how: Callable[[Sabotage, float], Catch], seconds: float, name: str) -> Catch:
    return how(sabotages()[name], seconds)


def _see_again(chosen: Sequence[Sabotage], results: Results, arguments: argparse.Namespace) -> int:
    """Whether the T-th so many of them still turn red what they did, and controls nothing."""
    size = arguments.sample
    first = arguments.turn * size % len(chosen)
    sample = [*chosen, *chosen][first : first + size]
    by_id = {case.id: case for case in _every_case()}
    witnesses = results.witnesses()
    wrong = []
    for sabotage in sample:
        known = results.shown.get(sabotage.name)
        red = () if known is None else known.red
        narrow = [case for case in red if witnesses[case] == sabotage.name] or list(red)
        cases = [by_id[case] for case in narrow[:_CASES] if case in by_id] or list(by_id.values())
        still = _red(sabotage.name, cases)
        if sabotage.kind == CONTROL:
            wrong += [f"{sabotage.name}: changes nothing, but {case} fails" for case in still]
        elif red:
            green = [case.id for case in cases if case.id not in still]
            wrong += [f"{sabotage.name}: {case} no longer fails" for case in green]
    print("\n".join([*wrong, f"{len(sample)} sabotages seen again, {len(wrong)} otherwise than before"]))
    return 1 if wrong else 0


#: What to do about problems.
_REMEDY = (
    "Write a sabotage for each case without one (conformance/sabotage/sabotages.txt), have it measured with\n"
    "`python -m conformance audit --by catalogue --missing`, and then run `python -m conformance table`."
)


def _verdict(results: Results) -> int:
    real = [each for each in sabotages().values() if each.kind != CONTROL]
    shown = {each.name: results.shown.get(each.name) for each in sabotages().values()}
    problems = [f"no sabotage turns it red: {case}" for case in results.without_witness(_ids())]
    problems += [
        f"caught by nothing: {each.name}"
        for each in real
        if not (known := shown[each.name]) or not known.caught
    ]
    problems += [
        f"changes nothing, and is caught: {each.name}"
        for each in sabotages().values()
        if each.kind == CONTROL and (known := shown[each.name]) and known.caught
    ]
    problems += [f"no such sabotage any more: {name}" for name in results.shown if name not in shown]
    counts = [
        sum(bool(known and getattr(known, means)) for each in real if (known := shown[each.name]))
        for means in ("red", "difference", "simulation")
    ]
    print("\n".join(problems))
    print(
        f"{len(real)} sabotages: {counts[0]} caught by the catalogue, {counts[1]} by diff, {counts[2]} by the"
        f" simulation; {len(problems)} problems"
    )
    if problems:
        print(_REMEDY)
    return 1 if problems else 0


def _ids() -> list[str]:
    return [case.id for case in _every_case()]
