"""The `scache` command: one sub-command a module, which is imported only when it is the one wanted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from scache.commands.program import Commands, run_program

__all__ = ["ABOUT", "COMMANDS", "main"]

COMMANDS: Commands = {
    "serve": ("scache.standalone.daemon", "run the daemon on a socket of its own"),
    "install": ("scache.commands.install", "put the daemon into a Postfix instance, in place of its scache"),
    "uninstall": ("scache.commands.uninstall", "give a Postfix instance its own scache back"),
    "check": ("scache.commands.check", "say what is installed, whether it answers, and what is wrong"),
    "zipapp": ("scache.commands.zipapp", "write the daemon as one executable file"),
    "status": ("scache.commands.status", "say how a running cache is, and what is in it"),
    "why": ("scache.commands.why", "say why a lookup found nothing, and what to set"),
    "top": ("scache.commands.top", "watch a running cache in a table that refreshes itself"),
    "exporter": ("scache.commands.exporter", "serve a cache's figures, or a mail log's, to Prometheus"),
    "log": ("scache.commands.log", "sum up what mail logs say about connection caching"),
    "record": ("scache.commands.record", "record the traffic of a running scache"),
    "replay": ("scache.commands.replay", "replay a trace and compare every reply"),
    "trace": ("scache.commands.trace", "show, count, filter, redact, compare, convert or plot traces"),
    "tune": ("scache.commands.tune", "say which settings bring more reuse, from a trace or a mail log"),
    "whatif": ("scache.commands.whatif", "predict hit rates of a trace under other settings"),
}


#: What --help says first.
ABOUT = "Postfix's shared connection cache daemon, and the tools around it."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (2: what was asked for can't be done, one line says why)."""
    return run_program("scache", ABOUT, COMMANDS, sys.argv[1:] if arguments is None else arguments)
