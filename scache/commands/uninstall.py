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
    parser.add_argument(
        "--ensure",
        action="store_true",
        help="for configuration management: say nothing but `changed` or `unchanged`",
    )
    parser.epilog = (
        "Example: scache uninstall --dry-run. Exit status: 0 it is not installed, by this command or before; "
        "2 it can't be removed, and nothing has changed."
    )


def run(arguments: argparse.Namespace) -> int:
    """Restore the entry, have a running Postfix reload, remove the program if no other instance runs it. 0.

    Raises UnavailableError, OSError.
    """
    with PostfixInstance.alone(arguments.config_directory) as instance:
        removal = Removal(instance)
        lines = _steps(instance, removal, would=arguments.dry_run)
        if not arguments.dry_run and removal.carry_out():
            lines.append("postfix reload: done")
    if arguments.ensure:
        lines = ["unchanged" if removal.is_complete else "changed"]
    print("\n".join(lines))
    return 0


def _steps(instance: PostfixInstance, removal: Removal, *, would: bool) -> list[str]:
    """What is done, or would be."""
    if removal.is_complete:
        return [f"{instance.directory}: nothing is installed here"]
    restored, removed = ("would restore", "would remove") if would else ("restored:", "removed:")
    steps = [f"{restored} the entry {removal.entry} in {instance.master_cf}"] if removal.entry else []
    if removal.removes_program:
        steps.append(f"{removed} {removal.program}")
    if removal.others:
        steps.append(f"{removal.program}: kept for {', '.join(map(str, removal.others))}")
    return steps or [f"{removed} what is left of an installation"]
