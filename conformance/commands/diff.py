"""`python -m conformance diff`: the same random steps on two targets."""

from __future__ import annotations

import argparse
import itertools
import json
import time
from pathlib import Path

from tqdm import tqdm

from conformance.contract.target import Target
from conformance.differential.coverage import Coverage, Seldom
from conformance.differential.drawing import draw_stretch
from conformance.differential.findings import play_stretch, save_difference
from conformance.differential.incomparable import NOT_PROVOKED
from conformance.targets.registry import parse_target
from scache.commands.numbers import duration, positive, seed
from scache.errors import UnavailableError
from scache.files import check_writable, write_whole

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `diff`."""
    parser.add_argument("--left", required=True, metavar="TARGET", help="simulated, live, postfix, ...")
    parser.add_argument("--right", required=True, metavar="TARGET", help="what it is compared with")
    parser.add_argument(
        "--steps", type=positive, default=2000, metavar="N", help="steps to take (default: 2000)"
    )
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="first seed (default: 1)")
    parser.add_argument(
        "--minutes", type=duration, metavar="M", help="go on for so long, whatever --steps says"
    )
    parser.add_argument(
        "--traces",
        type=Path,
        default=Path("traces"),
        metavar="DIRECTORY",
        help="for the trace of a difference",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what the drawing has met as JSON")
    parser.add_argument(
        "--coverage", action="store_true", help="say what the drawing has met, and what it avoids"
    )
    parser.epilog = (
        "Example: scache-conformance diff --left simulated --right postfix. Exit status: 0 no difference, 1 "
        "one, 2 they can't be compared."
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare: 0 no difference, 1 a difference, 2 it can't be compared."""
    left, right = _target(arguments.left), _target(arguments.right)
    if arguments.json is not None:
        check_writable(arguments.json)
    limit = None if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    steps = 0
    coverage = Coverage()
    with tqdm(total=None if limit else arguments.steps, unit=" steps", disable=None) as bar:
        for number in itertools.count(arguments.seed):
            if time.monotonic() >= limit if limit else steps >= arguments.steps:
                break
            options, units = draw_stretch(number)
            difference, entries = play_stretch(left, right, options, units)
            steps += len(entries)
            coverage.add(units, entries)
            bar.update(len(entries))
            if difference is not None:
                bar.close()
                _write_json(arguments, steps, coverage, differs=True)
                print(f"{left.name} and {right.name} differ after {steps} steps, seed {number}")
                name = f"diff-{left.name}-{right.name}-{number}".replace("/", "_").replace(":", "_")
                print(save_difference(left, right, options, units, name, arguments.traces))
                print(
                    f"replay: python -m conformance diff --left {left.name} --right {right.name}"
                    f" --seed {number} --steps 1"
                )
                return 1
    _write_json(arguments, steps, coverage, differs=False)
    if arguments.coverage:
        print("\n".join(coverage.lines()))
        print("no step provokes:")
        print("\n".join(f"  {what} ({why})" for what, why in NOT_PROVOKED.items()))
    print(f"{left.name} and {right.name}: {steps} steps from seed {arguments.seed}, 0 differences")
    return 0


def _write_json(arguments: argparse.Namespace, steps: int, coverage: Coverage, *, differs: bool) -> None:
    if arguments.json is None:
        return
    document = {
        "left": arguments.left,
        "right": arguments.right,
        "seed": arguments.seed,
        "steps": steps,
        "differs": differs,
        "seldom": {what.value: coverage.seldom[what] for what in Seldom},
    }
    write_whole(arguments.json, f"{json.dumps(document, indent=1)}\n".encode())


def _target(name: str) -> Target:
    target = parse_target(name)
    reason = target.unavailable()
    if reason is not None:
        raise UnavailableError(f"{name}: {reason}")
    return target
