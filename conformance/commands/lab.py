"""`python -m conformance lab`: list, run, compare and record the scenarios of the private Postfix."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conformance.commands.console import OutspokenConsole
from conformance.lab.corpus import CORPUS, LONG, keep, trace_path, unfit, write_readme
from conformance.lab.experiment import run_scenario
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.outcome import Difference, Outcome, compare
from conformance.lab.scenarios import SCENARIOS, Disturbance, Scenario, scenario_named
from conformance.lab.tables import outcome_table, scenario_table
from conformance.postfix.installations import private_postfix
from conformance.traces import FOLDER
from scache.errors import UsageError

__all__ = ["EXIT_DIFFERENT", "EXIT_SAME", "add_arguments", "run"]

STATISTICS_SHOWN = 8
"""Statistics lines of a run that are printed: those of the last two daemons."""
LINES_SHOWN = 12
"""Lines of the mail log that are printed of a run whose mails have not all arrived: the last ones."""

ROUNDS = 6
"""So often is each run at most, before a difference between two variants counts as one."""
EXIT_SAME, EXIT_DIFFERENT = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `lab`."""
    parser.epilog = _epilog("list")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="name the scenarios", epilog=parser.epilog)
    running = verbs.add_parser("run", help="run scenarios with one scache", epilog=_epilog("run mixed"))
    running.add_argument("--scache", choices=list(VARIANTS), default="real", help="default: %(default)s")
    comparing = verbs.add_parser(
        "compare",
        help="run scenarios with the real scache and with another",
        epilog=_epilog("compare mixed sasl"),
    )
    comparing.add_argument("--scache", choices=[*VARIANTS][1:], default="ours", help="default: %(default)s")
    recording = verbs.add_parser(
        "record", help="record the corpus of traces anew", epilog=_epilog("record --output DIRECTORY")
    )
    recording.add_argument(
        "--output", type=Path, default=FOLDER, metavar="DIRECTORY", help="default: the corpus"
    )
    recording.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(CORPUS)}")
    for verb in (running, comparing):
        verb.add_argument(
            "scenarios", nargs="*", metavar="SCENARIO", help="default: all of the installed release"
        )
        verb.add_argument("--long", action="store_true", help="the long form, up to 10 minutes a run")


def _epilog(example: str) -> str:
    return (
        f"Example: scache-conformance lab {example}. Exit status: 0 all is as it should be, 1 mails are "
        "missing or something differs, 2 it can't be run."
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry `lab` out: 0 all as it should be, 1 mails missing or a difference.

    Raises UsageError for an unknown scenario, UnavailableError where this machine can't run one.
    """
    console = OutspokenConsole(soft_wrap=True, highlight=False)
    if arguments.verb == "list":
        console.print(scenario_table(SCENARIOS))
        return EXIT_SAME
    if arguments.verb == "record":
        names = arguments.scenarios or CORPUS
        return max(record_one(console, each, arguments.output) for each in chosen(names))
    scenarios = chosen(arguments.scenarios)
    if arguments.verb == "run":
        return max(run_one(console, each, arguments.scache, arguments.long) for each in scenarios)
    return compare_all(console, scenarios, arguments.scache, arguments.long)


def chosen(names: Sequence[str]) -> list[Scenario]:
    """The scenarios of these names, without names all those of the installed release.

    Raises UsageError for an unknown name.
    """
    scenarios = []
    for name in names:
        scenario = scenario_named(name)
        if scenario is None:
            raise UsageError(f"no scenario {name!r}; `lab list` names them")
        scenarios.append(scenario)
    return scenarios or [each for each in SCENARIOS if each.release is None]


def run_one(console: Console, scenario: Scenario, variant: str, long: bool) -> int:
    """Run one scenario, print its figures, and say whether every mail has arrived."""
    outcome = measure(console, scenario, variant, long)
    console.print(outcome_table(scenario, {variant: outcome}))
    for line in outcome.tally.statistics[-STATISTICS_SHOWN:]:
        console.print(f"  {line}", markup=False)
    return EXIT_DIFFERENT if outcome.missing else EXIT_SAME


def compare_all(console: Console, scenarios: Sequence[Scenario], other: str, long: bool) -> int:
    """Compare in each scenario, and sum up at the end where the other differs."""
    found = {each.name: compare_one(console, each, other, long) for each in scenarios}
    differing = {name: differences for name, differences in found.items() if differences}
    for name, differences in differing.items():
        console.print(f"{name} differs: " + "; ".join(map(str, differences)), markup=False)
    console.print(f"{len(found) - len(differing)} of {len(found)} scenarios the same")
    return EXIT_DIFFERENT if differing else EXIT_SAME


def compare_one(console: Console, scenario: Scenario, other: str, long: bool) -> list[Difference]:
    """Run one scenario with the real scache and with the other, and print both and their differences.

    Where they differ they are run again, and all their runs compared: chance evens out, a fault does not.
    """
    variants = ("real", other)
    disturbed = scenario.disturbance is not Disturbance.NONE
    outcomes = {variant: measure(console, scenario, variant, long) for variant in variants}
    for _ in range(ROUNDS - 1):
        if not any(compare(outcomes["real"], outcomes[other], disturbed)):
            break
        outcomes = {each: outcomes[each] + measure(console, scenario, each, long) for each in variants}
    console.print(outcome_table(scenario, outcomes))
    differences = list(compare(outcomes["real"], outcomes[other], disturbed))
    for difference in differences:
        console.print(f"  DIFFERS {difference}", markup=False)
    return differences


def record_one(console: Console, scenario: Scenario, directory: Path) -> int:
    """Record one scenario into the corpus; a recording that is unfit leaves everything as it was."""
    with tempfile.TemporaryDirectory() as place:
        trace = trace_path(Path(place), scenario)
        long = scenario.name in LONG
        outcome = run_scenario(scenario, VARIANTS["recorded"], private_postfix(), long, keep=trace)
        if (problem := unfit(outcome)) is not None:
            console.print(f"{scenario.name}: not kept: {problem}", markup=False)
            return EXIT_DIFFERENT
        directory.mkdir(exist_ok=True)
        shutil.copyfile(trace, trace_path(directory, scenario))
    keep(directory, scenario, outcome)
    write_readme(directory)
    console.print(f"{scenario.name}: {outcome.injected} mails", markup=False)
    return EXIT_SAME


def measure(console: Console, scenario: Scenario, variant: str, long: bool) -> Outcome:
    """One run of a scenario with this scache; the end of its log is shown where mails are missing."""
    outcome = run_scenario(scenario, VARIANTS[variant], private_postfix(), long)
    if outcome.missing:
        console.print(f"  {variant}: {outcome.missing} mails are missing; its log ends:")
        for line in outcome.log[-LINES_SHOWN:]:
            console.print(f"    {line}", markup=False)
    return outcome
