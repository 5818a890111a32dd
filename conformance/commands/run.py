"""`python -m conformance run`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.catalogue.recorded.traces import trace_cases
from conformance.commands.console import OutspokenConsole
from conformance.contract.target import Target
from conformance.runner.bytewise import play_bytewise
from conformance.runner.expectations import known_differences
from conformance.runner.play import play
from conformance.runner.suite import Suite, Summary, ordered
from conformance.targets import STANDARD, parse_target
from conformance.targets.absent import nothing_may_be_absent
from scache.commands.numbers import seed
from scache.errors import UnavailableError, UsageError
from scache.files import check_writable, write_whole

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `run`."""
    parser.add_argument("case", nargs="*", metavar="CASE", help="an id, the beginning of ids, or a glob")
    parser.add_argument(
        "--target",
        action="append",
        metavar="T",
        help=f"may be repeated; default: {', '.join(STANDARD)}. Also postfix-3.5 and so on (fetched before), "
        "program:PATH, socket:PATH",
    )
    parser.add_argument(
        "--expect",
        choices=("postfix", "none"),
        default="none",
        help="whose known differences program:PATH and socket:PATH may have (default: none)",
    )
    parser.add_argument("--exclude", action="append", default=[], metavar="PATTERN", help="may be repeated")
    parser.add_argument("--strict", action="store_true", help="only the preferred outcome will do")
    parser.add_argument("--bytewise", action="store_true", help="send byte by byte too, and compare")
    parser.add_argument("--list", action="store_true", help="list the cases and what each needs of a target")
    parser.add_argument("--dry-run", action="store_true", help="say what would run, and where")
    parser.add_argument("-x", "--fail-fast", action="store_true", help="stop at the first unexpected result")
    parser.add_argument("--seed", type=seed, metavar="N", help="shuffle the cases, as drawn from this number")
    parser.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything as JSON")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page that needs nothing else")
    parser.add_argument("--overwrite", action="store_true", help="replace reports that are there already")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="the dialogue of every case, not of failures only"
    )


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
    _check_writable(arguments)
    _check_available(targets)
    suite = Suite(
        targets,
        play_bytewise if arguments.bytewise else play,
        expectations={target.name: known_differences(target, arguments.expect) for target in targets},
        required=["postfix"] if nothing_may_be_absent(os.environ) else [],
        strict=arguments.strict,
    )
    suite.check_entries([each.id for each in (SANITY, *every)])
    _run_with_report(
        suite, order, verbose=arguments.verbose, fail_fast=arguments.fail_fast, expect=arguments.expect
    )
    _write_documents(suite.summary, arguments)
    return suite.summary.exit_status


def _run_with_report(
    suite: Suite, cases: Sequence[Case], *, verbose: bool, fail_fast: bool, expect: str
) -> None:
    from conformance.report.terminal import TerminalReport

    console = OutspokenConsole()
    report = TerminalReport(console, suite.targets, verbose=verbose, expect=expect)
    report.begin()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(cases))
        for row in suite.run(cases):
            report.row(row)
            progress.update(task, advance=1, description=row.case.id)
            if fail_fast and suite.summary.unexpected:
                break
    report.end(suite.summary)


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
    for file in (arguments.junit, arguments.json, arguments.html):
        if file is not None:
            check_writable(file, replace=arguments.overwrite)


def _write_documents(summary: Summary, arguments: argparse.Namespace) -> None:
    from conformance.report.documents import json_document, junit_document
    from conformance.report.page import page

    documents = ((arguments.junit, junit_document), (arguments.json, json_document), (arguments.html, page))
    for file, document in documents:
        if file is not None:
            write_whole(file, document(summary).encode(), replace=arguments.overwrite)
