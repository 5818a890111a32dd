"""A command of the bench's kind that keeps processes busy for longer than any test waits."""

from __future__ import annotations

import argparse
import sys
import time

from conformance.simulation.campaign.campaign import executor_for
from scache.commands.program import run_program

__all__ = ["add_arguments", "run"]


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None."""


def run(_arguments: argparse.Namespace) -> int:
    """Wait for work that takes a minute."""
    with executor_for(None, 2) as (pool, count):
        for each in [pool.submit(work) for _ in range(count)]:
            each.result()
    return 0


def work() -> None:
    """Say that it has begun, and take a minute."""
    print("busy", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    sys.exit(run_program("test", "", {"busy": ("tests.support.busy_command", "be busy")}, ["busy"]))
