"""`scache uninstall`: master.cf's entry as it was before `scache install`, byte by byte."""

from __future__ import annotations

import os
from pathlib import Path

from scache.admin.install import PROGRAM_NAME, Record
from scache.admin.instance import PostfixInstance, add_config_directory
from scache.errors import UnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `scache uninstall`."""
    add_config_directory(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> int:
    """Restore the entry, have a running Postfix reload, remove the program if no other instance runs it."""
    instance = PostfixInstance(arguments.config_directory)
    record = Record.load(instance.directory)
    master_cf = record.undo(instance.master_cf.read_bytes())
    if not os.access(instance.directory, os.W_OK):
        raise UnavailableError(f"{instance.directory}: can't be written to")
    program = Path(instance.value("daemon_directory"), PROGRAM_NAME)
    others = _other_users(instance)
    if arguments.dry_run:
        print(f"would restore the entry {record.service} in {instance.master_cf}")
        if not others:
            print(f"would remove {program}")
        return 0
    instance.replace_master_cf(master_cf)
    Record.path(instance.directory).unlink()
    print(f"{instance.master_cf}: entry {record.service} restored")
    if instance.is_running():
        instance.reload()
        print("postfix reload: done")
    if others:
        print(f"{program}: kept for {', '.join(map(str, others))}")
    else:
        program.unlink(missing_ok=True)
        print(f"{program}: removed")
    return 0


def _other_users(instance: PostfixInstance) -> list[Path]:
    """config_directory of each other instance of this Postfix that runs the program."""
    default = PostfixInstance(None)
    named = default.value("multi_instance_directories").replace(",", " ").split()
    others = {default.directory, *map(Path, named)} - {instance.directory}
    return sorted(directory for directory in others if Record.path(directory).exists())
