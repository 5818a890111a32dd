"""`scache install`: put the daemon into a Postfix instance, in place of its scache."""

from __future__ import annotations

import argparse

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
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> int:
    """Install, and have a running Postfix reload; or say what that would change. 0.

    Raises UnavailableError, OSError: nothing is changed then.
    """
    instance = PostfixInstance(arguments.config_directory)
    installation = Installation(instance, arguments.python)
    if arguments.dry_run:
        print(f"would write {installation.program}")
        if not installation.already:
            print(f"would change {instance.master_cf}:\n{installation.record.changes()}")
        return 0
    if (healed := heal(instance)) is not None:
        print(healed)
    installation.carry_out()
    reloaded = instance.reload_if_running()
    if not installation.already:
        print(f"{instance.master_cf}: changed:\n{installation.record.changes()}")
    print(f"{installation.program}: written")
    if reloaded:
        print("postfix reload: done")
    return 0
