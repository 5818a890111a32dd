"""The command `scache-conformance`: its sub-commands, each imported when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scache.commands.program import Commands, run_program

__all__ = ["COMMANDS", "main"]

COMMANDS: Commands = {
    "run": (
        "conformance.commands.run",
        "run the catalogue, the golden exchanges and the traces on targets",
    ),
    "table": ("conformance.commands.table", "write docs/conformance.md, or check that it is up to date"),
    "audit": (
        "conformance.commands.audit",
        "say whether every case was seen red, and every wrong daemon caught",
    ),
    "simulate": ("conformance.commands.simulate", "run the daemon in a simulated world with faults"),
    "diff": ("conformance.commands.diff", "the same random steps on two targets"),
    "lab": ("conformance.commands.lab", "a private Postfix and its traffic"),
    "benchmark": ("conformance.commands.benchmark", "measure two daemons side by side"),
    "soak": ("conformance.commands.soak", "a running daemon under load, faults and reloads, for minutes"),
    "postfix": ("conformance.commands.postfix", "fetch other Postfix releases"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one sub-command. Exit status 0: all as expected, 1: not, 2: it could not run."""
    return run_program(
        "scache-conformance",
        "Is this scache right?",
        COMMANDS,
        sys.argv[1:] if words is None else words,
    )
