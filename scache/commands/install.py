"""`scache install`: put the daemon into a Postfix instance, in place of its scache."""

from __future__ import annotations

import argparse
import sys

from scache.admin.install import Installation
from scache.admin.instance import PostfixInstance, add_config_directory
from scache.admin.interposition import heal

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_config_directory(parser)
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="/usr/bin/python3",
        help="absolute path of the interpreter that runs the daemon (default: %(default)s)",
    )
    parser.add_argument(
        "--compiled",
        action="store_true",
        help="the compiled build, which this scache must have (SCACHE_COMPILE=1 pip install .)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument(
        "--ensure",
        action="store_true",
        help="for configuration management: say nothing but `changed` or `unchanged`",
    )
    parser.epilog = (
        "Example: scache install --config-directory /etc/postfix. Exit status: 0 it is installed, by this "
        "command or before; 2 it can't be, and nothing has changed."
    )


def run(arguments: argparse.Namespace) -> int:
    """Install, and have a running Postfix reload; or say what that would change. 0.

    Raises UnavailableError, OSError: nothing is changed then.
    """
    with PostfixInstance.alone(arguments.config_directory) as instance:
        installation = Installation(instance, arguments.python, compiled=arguments.compiled)
        lines = _steps(instance, installation, "would write" if arguments.dry_run else "written:")
        if not arguments.dry_run:
            if (healed := heal(instance)) is not None:
                print(healed, file=sys.stderr if arguments.ensure else sys.stdout)
            if installation.carry_out():
                lines.append("postfix reload: done")
    if arguments.ensure:
        lines = ["unchanged" if installation.is_complete else "changed"]
    print("\n".join(lines))
    return 0


def _steps(instance: PostfixInstance, installation: Installation, written: str) -> list[str]:
    """What is done, or would be."""
    if installation.is_complete:
        return [f"{installation.program}: installed already, unchanged"]
    steps = []
    if not installation.already:
        changed = "would change" if written.startswith("would") else "changed:"
        steps.append(f"{changed} {instance.master_cf}\n{installation.record.changes()}")
    if installation.writes_program:
        if installation.compiled is not None:
            steps.append(f"{written} {installation.compiled.directory}/")
        steps.append(f"{written} {installation.program}")
    if not steps:
        record = "would write" if written.startswith("would") else "written:"
        steps.append(f"{record} the record of the installation")
    return steps
