"""`python -m conformance simulate`: campaigns of simulated runs, and the replay of a seed."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from conformance.simulation.actors.options import draw_options
from conformance.simulation.campaign.campaign import TAME, Campaign, executor_for
from conformance.simulation.campaign.findings import save_finding
from conformance.simulation.campaign.run import Outcome, play
from conformance.simulation.checks.situation import Situation
from scache.commands.numbers import duration, positive, seed
from scache.files import check_writable, naming, write_whole

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `simulate`."""
    parser.epilog = (
        "Example: scache-conformance simulate --seed 7 --runs 1. Exit status: 0 nothing was found, 1 an "
        "invariant failed or the runs were too tame, 2 it can't be run."
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="first seed (default: 1)")
    parser.add_argument("--runs", type=positive, default=100, metavar="N", help="seeds to run (default: 100)")
    parser.add_argument(
        "--requests", type=positive, default=2000, metavar="N", help="requests of each run (default: 2000)"
    )
    parser.add_argument(
        "--minutes", type=duration, metavar="M", help="go on for so long, whatever --runs says"
    )
    parser.add_argument("--jobs", type=positive, metavar="N", help="runs at once (default: one a core)")
    parser.add_argument(
        "--everything", action="store_true", help="no swarm: every kind of step and fault in every run"
    )
    parser.add_argument("--executor", metavar="dask://HOST:PORT", help="run on a Dask cluster")
    parser.add_argument(
        "--events", type=Path, metavar="FILE", help="write the event log of the first seed only"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what happened as JSON")
    parser.add_argument(
        "--traces", type=Path, default=Path("traces"), metavar="DIRECTORY", help="for the trace of a failure"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the campaign: 0 nothing found, 1 an invariant failed or the campaign was too tame, 2 can't run."""
    if arguments.events is not None:
        return _write_events(arguments)
    if arguments.json is not None:
        check_writable(arguments.json)
    campaign = Campaign(arguments.requests, arguments.everything)
    began = time.monotonic()
    seeds = itertools.count(arguments.seed)
    limit = None if arguments.minutes is None else began + 60 * arguments.minutes
    total = None if limit else arguments.runs * arguments.requests
    with ExitStack() as stack:
        executor, jobs = stack.enter_context(executor_for(arguments.executor, arguments.jobs))
        bar = stack.enter_context(tqdm(total=total, unit=" requests", unit_scale=True, disable=None))

        def done(outcome: Outcome) -> None:
            bar.set_postfix_str(
                f"sometimes {len(Situation) - len(campaign.missing)}/{len(Situation)}", refresh=False
            )
            bar.update(outcome.requests)

        campaign.run(
            seeds if limit else itertools.islice(seeds, arguments.runs),
            executor,
            jobs,
            lambda: limit is None or time.monotonic() < limit,
            done,
        )
    seconds = time.monotonic() - began
    rate = campaign.requests_done / seconds
    print(
        f"{campaign.runs} runs from seed {arguments.seed}: {campaign.requests_done:,} requests,"
        f" {campaign.turns:,} turns in {seconds:.1f} s ({rate:,.0f} requests a second)"
    )
    if arguments.json is not None:
        write_whole(arguments.json, _as_json(campaign, arguments.seed).encode())
    return _verdict(campaign, arguments)


def _as_json(campaign: Campaign, first: int) -> str:
    document = {
        "seed": first,
        "runs": campaign.runs,
        "requests": campaign.requests_done,
        "turns": campaign.turns,
        "failed": campaign.failure is not None,
        "situations": {each.value: campaign.happened[each] for each in Situation},
    }
    return json.dumps(document, indent=1) + "\n"


def _verdict(campaign: Campaign, arguments: argparse.Namespace) -> int:
    for situation in Situation:
        print(f"{campaign.happened[situation]:>10,}  {situation.value}")
    if campaign.failure is not None:
        print(save_finding(campaign.failure, campaign.requests, campaign.everything, arguments.traces))
        return 1
    if campaign.missing and campaign.requests_done >= TAME:
        print(f"too tame: {len(campaign.missing)} situations never happened")
        return 1
    print("every invariant held")
    return 0


def _write_events(arguments: argparse.Namespace) -> int:
    with _new_text(arguments.events) as file:
        outcome = play(
            arguments.seed,
            arguments.requests,
            everything=arguments.everything,
            note=lambda line: print(line, file=file),
        )
    for line in draw_options(arguments.seed, everything=arguments.everything).lines():
        print(line)
    if outcome.violation is not None:
        print(outcome.violation, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _new_text(path: Path) -> Iterator[TextIO]:
    """A new file for lines that come one by one; removed where that fails. Raises OSError."""
    with naming(path), path.open("x", encoding="utf-8", errors="surrogateescape") as file:
        try:
            yield file
            file.flush()
        except BaseException:
            path.unlink()
            raise
