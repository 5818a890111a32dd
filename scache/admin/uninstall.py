"""Uninstalling: master.cf's entry as it was before the installation, byte by byte."""

from __future__ import annotations

import os
from pathlib import Path

from scache.admin.install import PROGRAM_NAME, Record
from scache.admin.instance import PostfixInstance
from scache.errors import UnavailableError

__all__ = ["Removal"]


class Removal:
    """A removal from an instance, made out and not carried out yet.

    others: config_directory of each other instance of this Postfix that runs the program.
    Raises UnavailableError where nothing is installed there, or the entry was changed since.
    """

    def __init__(self, instance: PostfixInstance) -> None:
        self.record = Record.load(instance.directory)
        self._instance = instance
        self._master_cf = self.record.undo(instance.master_cf.read_bytes())
        if not os.access(instance.directory, os.W_OK):
            raise UnavailableError(f"{instance.directory}: can't be written to")
        self.program = Path(instance.value("daemon_directory"), PROGRAM_NAME)
        self.others = _other_users(instance)

    def restore_entry(self) -> None:
        """Give the service its entry back."""
        self._instance.replace_master_cf(self._master_cf)
        Record.path(self._instance.directory).unlink()

    def remove_program(self) -> None:
        """Remove the program, unless others run it."""
        if not self.others:
            self.program.unlink(missing_ok=True)


def _other_users(instance: PostfixInstance) -> list[Path]:
    default = PostfixInstance(None)
    named = default.value("multi_instance_directories").replace(",", " ").split()
    others = {default.directory, *map(Path, named)} - {instance.directory}
    return sorted(directory for directory in others if Record.path(directory).exists())
