"""`python -m conformance soak`: a running daemon under everything at once, and whether anything is lost."""

from __future__ import annotations

import argparse
import os
from statistics import median

from conformance.soak.soak import PERIOD, Result, Soak
from scache.commands.numbers import duration, positive

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache-conformance soak --minutes 2. Exit status: 0 nothing was lost, 1 something was, 2 "
        "it can't be run."
    )
    parser.add_argument("--minutes", type=duration, default=10.0, help="how long (default: %(default)s)")
    parser.add_argument(
        "--clients", type=positive, default=1000, help="each has 16 sessions cached (default: %(default)s)"
    )
    parser.add_argument(
        "--processes", type=positive, default=os.cpu_count() or 1, help="of clients (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print what came of it: 0 all as it should be, 1 not."""
    soak = Soak(arguments.clients, arguments.processes, lambda line: print(line, flush=True))
    result = soak.run(arguments.minutes)
    print("\n".join(_lines(result)))
    faults = result.faults()
    for fault in faults:
        print(f"FAULT {fault}")
    return 1 if faults else 0


def _lines(result: Result) -> list[str]:
    """The figures."""
    counts = result.report.counts
    times = result.handovers or [0.0]
    resident = [size / 2**20 for size in result.resident or [0]]
    return [
        f"{result.seconds:.0f} s, {counts['saved']:,} sessions saved, {counts['found']:,} found, "
        f"{result.most_cached:,} cached at most",
        *(
            f"{number:8,}  {what}"
            for what, number in sorted(counts.items())
            if what not in ("saved", "found")
        ),
        f"{len(result.handovers)} handovers, {median(times):.1f} s each, {max(times):.1f} s at most; "
        f"the next one was due after {PERIOD:.0f} s and late {sum(took > PERIOD for took in times)} times",
        f"at the limit of descriptors for {result.at_limit:.0f} s, "
        f"{result.at_limit / result.seconds:.0%} of the time",
        f"resident memory: {resident[0]:.0f} MB at the first handover, {resident[-1]:.0f} MB at the last, "
        f"{max(resident):.0f} MB at most, {result.resident_after / 2**20:.0f} MB when all is over",
        f"descriptors: {result.before} before, {result.after} after",
        f"idle, everything cached and all clients connected: {result.idle:.2%} of a processor",
        *(f"{number:8,}  log lines: {kind}" for kind, number in result.log.most_common()),
        f"{len(result.report.wrong)} wrong answers, {result.report.lost} sessions lost",
    ]
