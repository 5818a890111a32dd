"""The command `python -m conformance`: its sub-commands, each imported when it is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from scache.errors import ScacheError

__all__ = ["COMMANDS", "main"]

#: Name, module that has add_arguments(parser) and run(arguments) -> exit status, one line of help.
COMMANDS = (
    (
        "run",
        "conformance.commands.run",
        "run the catalogue, the golden exchanges and the traces on targets",
    ),
    ("table", "conformance.commands.table", "write docs/conformance.md, or check that it is up to date"),
    ("simulate", "conformance.commands.simulate", "run the daemon in a simulated world with faults"),
    ("diff", "conformance.commands.diff", "the same random steps on two targets"),
    ("lab", "conformance.commands.lab", "a private Postfix and its traffic"),
    ("benchmark", "conformance.commands.benchmark", "measure two daemons side by side"),
    ("postfix", "conformance.commands.postfix", "fetch other Postfix releases"),
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one sub-command. Exit status 0: all as expected, 1: not, 2: it could not run."""
    words = list(sys.argv[1:] if words is None else words)
    chosen = words[0] if words else None
    parser = argparse.ArgumentParser(prog="python -m conformance", description="Is this scache right?")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module, line in COMMANDS:
        command = commands.add_parser(name, help=line, description=line[0].upper() + line[1:] + ".")
        if name == chosen:
            loaded = import_module(module)
            loaded.add_arguments(command)
            command.set_defaults(run=loaded.run)
    arguments = parser.parse_args(words)
    try:
        status: int = arguments.run(arguments)
    except ScacheError as failure:
        print(f"conformance {chosen}: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"conformance {chosen}: interrupted", file=sys.stderr)
        return 2
    return status
