"""`python -m conformance run`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.catalogue.recorded.traces import trace_cases
from conformance.commands.console import OutspokenConsole
from conformance.commands.progress import with_progress
from conformance.contract.target import Target
from conformance.report.about import About
from conformance.report.annotations import annotation_lines
from conformance.report.comparison import compare, read_result
from conformance.report.documents import as_json, json_document
from conformance.report.failure import explanations
from conformance.report.figures import Figure, read_figures
from conformance.report.junit import junit_document
from conformance.report.page import page
from conformance.report.tap import tap_document
from conformance.report.terminal import TerminalReport
from conformance.runner.ahead import Player, played_ahead
from conformance.runner.bytewise import play_bytewise
from conformance.runner.expectations import known_differences
from conformance.runner.play import play
from conformance.runner.suite import Suite, ordered
from conformance.targets import STANDARD, parse_target
from conformance.targets.absent import nothing_may_be_absent
from conformance.targets.spawned import SpawnedTarget
from scache.commands.numbers import positive, seed
from scache.errors import UnavailableError, UsageError
from scache.files import check_writable, write_whole

__all__ = ["add_arguments", "run"]


#: Files that a run writes where it is told to.
_DOCUMENTS = {
    "json": "everything as JSON",
    "html": "one page that needs nothing else",
    "junit": "JUnit's XML",
    "tap": "TAP (prove and the like)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `run`."""
    parser.epilog = (
        "Example: scache-conformance run --target simulated expiry. Exit status: 0 all as expected, 1 not, 2 "
        "it can't be run, 130 interrupted."
    )
    parser.add_argument("case", nargs="*", metavar="CASE", help="an id, the beginning of ids, or a glob")
    parser.add_argument(
        "--target",
        action="append",
        metavar="T",
        help=f"{', '.join(STANDARD)} (default: these), postfix-3.5, program:PATH, socket:PATH",
    )
    parser.add_argument(
        "--expect",
        choices=("postfix", "none"),
        default="none",
        metavar="WHOSE",
        help="known differences to accept: postfix or none",
    )
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="PATTERN", help="not these cases; repeatable"
    )
    parser.add_argument("--strict", action="store_true", help="only the preferred outcome will do")
    parser.add_argument("--bytewise", action="store_true", help="send byte by byte too, and compare")
    parser.add_argument("--list", action="store_true", help="list the cases and what each needs of a target")
    parser.add_argument("--dry-run", action="store_true", help="say what would run, and where")
    parser.add_argument("-x", "--fail-fast", action="store_true", help="stop at the first unexpected result")
    parser.add_argument(
        "--jobs",
        type=positive,
        default=os.cpu_count(),
        metavar="N",
        help="daemons at a time (default: one a core)",
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="shuffle the cases, as drawn from this number")
    for name, what in _DOCUMENTS.items():
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {what}")
    parser.add_argument(
        "--against", type=Path, metavar="OLD.json", help="say what is new since an earlier run's --json"
    )
    parser.add_argument(
        "--figures",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="show another command's --json on the page",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace reports that are there already")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the dialogue of every case")


def run(arguments: argparse.Namespace) -> int:
    """Exit status 0: all as expected, 1: not, 130: interrupted, and the reports say so.

    Raises UsageError for what can't be meant, UnavailableError where none of the targets can run.
    """
    every = (*CATALOGUE, *golden_cases(), *trace_cases())
    chosen = select((SANITY, *every), arguments.case, arguments.exclude)
    cases = [each for each in chosen if each is not SANITY]
    if not chosen:
        raise UsageError("no case is left to run")
    if arguments.list:
        return _list(cases)
    targets = [parse_target(name) for name in arguments.target or STANDARD]
    order = ordered(cases, SANITY, arguments.seed)
    if arguments.dry_run:
        return _dry_run(order, targets)
    began = datetime.now(UTC)
    _check_writable(arguments)
    old = read_result(arguments.against) if arguments.against else None
    figures = [figure for file in arguments.figures for figure in read_figures(file)]
    _check_available(targets)
    console = OutspokenConsole()
    report = TerminalReport(
        console,
        targets,
        verbose=arguments.verbose,
        by_section=arguments.seed is None,
        expect=arguments.expect,
    )
    processes = [target.name for target in targets if isinstance(target, SpawnedTarget)]
    how = play_bytewise if arguments.bytewise else play
    with played_ahead(how, order[1:-1], processes, arguments.jobs) as player:
        suite = _suite(arguments, targets, every, player)
        report.begin()
        for row in with_progress(suite.run(order), len(order), console):
            report.row(row)
            if arguments.fail_fast and suite.summary.unexpected:
                break
    _report(suite, report, arguments, began, old, figures)
    return suite.summary.exit_status


def _suite(
    arguments: argparse.Namespace, targets: Sequence[Target], every: Sequence[Case], player: Player
) -> Suite:
    suite = Suite(
        targets,
        player,
        expectations={target.name: known_differences(target, arguments.expect) for target in targets},
        required=["postfix"] if nothing_may_be_absent(os.environ) else [],
        strict=arguments.strict,
    )
    suite.check_entries([each.id for each in (SANITY, *every)])
    return suite


def _report(
    suite: Suite,
    report: TerminalReport,
    arguments: argparse.Namespace,
    began: datetime,
    old: Mapping[str, Any] | None,
    figures: Sequence[Figure],
) -> None:
    """What can be said only when all was played."""
    summary = suite.summary
    about = About.of(arguments.words, suite.targets, began, arguments.seed)
    explained = explanations(summary, suite.targets, arguments.expect)
    result = as_json(summary, about, explained)
    comparison = None if old is None else compare(old, result)
    texts: dict[str, Callable[[], str]] = {
        "json": lambda: json_document(result),
        "html": lambda: page(result, comparison, figures),
        "junit": lambda: junit_document(summary, about),
        "tap": lambda: tap_document(summary),
    }
    for name, text in texts.items():
        if file := getattr(arguments, name):
            write_whole(file, text().encode(), replace=arguments.overwrite)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print("\n".join(annotation_lines(summary)))
    report.end(summary, about, explained, comparison)


def _list(cases: Sequence[Case]) -> int:
    for each in cases:
        needs = f" [needs {', '.join(each.needs)}]" if each.needs else ""
        print(f"{each.id}  {each.sentence}{needs}")
    print(f"{len(cases)} cases")
    return 0


def _dry_run(cases: Sequence[Case], targets: Sequence[Target]) -> int:
    for each in cases:
        print(each.id)
    for target in targets:
        reason = target.unavailable()
        print(f"{target.name}: {f'unavailable: {reason}' if reason else 'can run'}")
    print(f"{len(cases)} cases would run on {len(targets)} targets")
    return 0


def _check_available(targets: Sequence[Target]) -> None:
    reasons = [f"{target.name}: {reason}" for target in targets if (reason := target.unavailable())]
    if len(reasons) == len(targets):
        raise UnavailableError("; ".join(reasons))


def _check_writable(arguments: argparse.Namespace) -> None:
    """Before a long run, not after it."""
    for name in _DOCUMENTS:
        if file := getattr(arguments, name):
            check_writable(file, replace=arguments.overwrite)
