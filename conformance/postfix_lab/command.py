"""`python -m conformance lab`: list, run and compare the scenarios of the private Postfix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console

from conformance.postfix_lab.experiment import run_scenario
from conformance.postfix_lab.installation import installed_postfix
from conformance.postfix_lab.outcome import Outcome, compare
from conformance.postfix_lab.scenarios import SCENARIOS, Scenario, scenario_named
from conformance.postfix_lab.tables import outcome_table, scenario_table
from conformance.postfix_lab.variants import VARIANTS
from scache.errors import UnavailableError

__all__ = ["EXIT_DIFFERENT", "EXIT_SAME", "EXIT_UNABLE", "add_arguments", "run"]

EXIT_SAME, EXIT_DIFFERENT, EXIT_UNABLE = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `lab`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="name the scenarios")
    running = verbs.add_parser("run", help="run scenarios with one scache")
    running.add_argument("--scache", choices=list(VARIANTS), default="real", help="default: %(default)s")
    comparing = verbs.add_parser("compare", help="run scenarios with the real scache and with another")
    comparing.add_argument("--scache", choices=[*VARIANTS][1:], default="ours", help="default: %(default)s")
    for verb in (running, comparing):
        verb.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all of them")
        verb.add_argument("--long", action="store_true", help="the long form, up to 10 minutes a run")


def run(arguments: argparse.Namespace) -> int:
    """Carry `lab` out: 0 all as it should be, 1 mails missing or a difference, 2 it could not be run."""
    console = Console(soft_wrap=True, highlight=False)
    if arguments.verb == "list":
        console.print(scenario_table(SCENARIOS))
        return EXIT_SAME
    try:
        scenarios = chosen(arguments.scenarios)
        if arguments.verb == "run":
            return max(run_one(console, each, arguments.scache, arguments.long) for each in scenarios)
        return max(compare_one(console, each, arguments.scache, arguments.long) for each in scenarios)
    except UnavailableError as error:
        print(f"conformance lab: {error}", file=sys.stderr)
        return EXIT_UNABLE
    except KeyboardInterrupt:
        print("conformance lab: interrupted; the private instance has been removed", file=sys.stderr)
        return EXIT_UNABLE


def chosen(names: Sequence[str]) -> list[Scenario]:
    """The scenarios of these names, all where none is named. Raises UnavailableError for an unknown name."""
    scenarios = []
    for name in names:
        scenario = scenario_named(name)
        if scenario is None:
            raise UnavailableError(f"no scenario {name!r}; `lab list` names them")
        scenarios.append(scenario)
    return scenarios or list(SCENARIOS)


def run_one(console: Console, scenario: Scenario, variant: str, long: bool) -> int:
    """Run one scenario, print its figures, and say whether every mail has arrived."""
    outcome = measure(scenario, variant, long)
    console.print(outcome_table(scenario, {variant: outcome}))
    for line in outcome.tally.statistics:
        console.print(f"  {line}", markup=False)
    return EXIT_SAME if outcome.delivered == outcome.injected else EXIT_DIFFERENT


def compare_one(console: Console, scenario: Scenario, other: str, long: bool) -> int:
    """Run one scenario with the real scache and with the other, and print both and their differences."""
    outcomes = {variant: measure(scenario, variant, long) for variant in ("real", other)}
    console.print(outcome_table(scenario, outcomes))
    differences = list(compare(outcomes["real"], outcomes[other]))
    for difference in differences:
        console.print(f"  DIFFERS {difference}", markup=False)
    return EXIT_DIFFERENT if differences else EXIT_SAME


def measure(scenario: Scenario, variant: str, long: bool) -> Outcome:
    """One run of a scenario with the scache of this name."""
    return run_scenario(scenario, VARIANTS[variant], installed_postfix(), long)
