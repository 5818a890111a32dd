"""`scache uninstall`: give a Postfix instance its own scache back."""

from __future__ import annotations

import argparse

from scache.admin.instance import PostfixInstance, add_config_directory
from scache.admin.uninstall import Removal

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_config_directory(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> int:
    """Restore the entry, have a running Postfix reload, remove the program if no other instance runs it. 0.

    Raises UnavailableError, OSError.
    """
    instance = PostfixInstance(arguments.config_directory)
    removal = Removal(instance)
    if arguments.dry_run:
        print(f"would restore the entry {removal.record.service} in {instance.master_cf}")
        if not removal.others:
            print(f"would remove {removal.program}")
        return 0
    removal.restore_entry()
    reloaded = instance.reload_if_running()
    removal.remove_program()
    print(f"{instance.master_cf}: entry {removal.record.service} restored")
    if reloaded:
        print("postfix reload: done")
    if removal.others:
        print(f"{removal.program}: kept for {', '.join(map(str, removal.others))}")
    else:
        print(f"{removal.program}: removed")
    return 0
