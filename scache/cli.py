"""The `scache` command: one sub-command a module, which is imported only when it is the one wanted."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from scache import __version__
from scache.errors import ScacheError

__all__ = ["main"]

#: sub-command -> the module that has its `add_arguments` and `run`, and what --help says of it
_COMMANDS = {
    "serve": ("scache.standalone.daemon", "run the daemon on a socket of its own"),
    "install": ("scache.admin.install", "put the daemon into a Postfix instance, in place of its scache"),
    "uninstall": ("scache.admin.uninstall", "give a Postfix instance its own scache back"),
    "check": ("scache.admin.check", "say what is installed, whether it answers, and what is misconfigured"),
    "zipapp": ("scache.admin.zipapp", "write the daemon as one executable file"),
    "record": ("scache.commands.record", "record the traffic of a running scache"),
    "replay": ("scache.commands.replay", "replay a trace and compare every reply"),
    "trace": ("scache.commands.trace", "show, count, filter, redact, compare, convert or plot traces"),
    "whatif": ("scache.commands.whatif", "predict hit rates of a trace under other settings"),
}


def _parser(command: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scache", description="Postfix's shared connection cache daemon, and the tools around it."
    )
    parser.add_argument("--version", action="version", version=f"scache {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, text) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name == command:
            import_module(module).add_arguments(subparser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (2: what was asked for can't be done, one line says why)."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    chosen = next((word for word in words if not word.startswith("-")), None)
    parsed = _parser(chosen).parse_args(words)
    try:
        module, _text = _COMMANDS[parsed.command]
        status: int = import_module(module).run(parsed)
    except (ScacheError, OSError) as error:
        print(f"scache {parsed.command}: {_said(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)
