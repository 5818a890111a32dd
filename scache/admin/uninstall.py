"""Uninstalling: master.cf's entry as it was before the installation, byte by byte."""

from __future__ import annotations

import os
from pathlib import Path

from scache.admin.install import PROGRAM_NAME, Record, is_mounted, original_command, remove_compiled
from scache.admin.instance import PostfixInstance
from scache.admin.zipapp import MARK
from scache.errors import UnavailableError

__all__ = ["Removal"]


class Removal:
    """A removal from an instance, made out and not carried out yet.

    entry: the service whose entry changes, None where it runs Postfix's scache already.
    others: config_directory of each other instance of this Postfix that runs the program.
    removes_program: whether it is there, and nobody else runs it.
    is_complete: there is nothing to do at all.
    Raises UnavailableError where the entry was changed since the installation, or can't be written.
    """

    def __init__(self, instance: PostfixInstance) -> None:
        self._instance = instance
        self._record = Record.path(instance.directory)
        name = instance.configuration.cache_service
        service = Record.load(instance.directory).service if self._record.exists() else f"{name}/unix"
        self._master_cf = _restored(instance, service)
        self.entry = service if self._master_cf is not None else None
        self.others = _other_users(instance)
        self.program = instance.path("daemon_directory") / PROGRAM_NAME
        self.removes_program = not self.others and _is_ours(self.program)
        self.is_complete = self.entry is None and not self.removes_program and not self._record.exists()
        if not self.is_complete and not os.access(instance.directory, os.W_OK):
            raise UnavailableError(f"{instance.directory}: can't be written to")
        if self.entry and is_mounted(instance.master_cf):
            raise UnavailableError(f"{instance.master_cf}: is a mount point, and can't be replaced")

    def restore_entry(self) -> None:
        """Give the service its entry back."""
        if self._master_cf is not None:
            self._instance.replace_master_cf(self._master_cf)
        self._record.unlink(missing_ok=True)

    def remove_program(self) -> None:
        """Remove the program and what it runs from, unless others run it."""
        if self.removes_program:
            self.program.unlink(missing_ok=True)
            remove_compiled(self.program)


def _restored(instance: PostfixInstance, service: str) -> bytes | None:
    """master.cf as it is to be; None where it is so already, because something has put the entry back."""
    entry = instance.configuration.service(*service.split("/"))
    if entry is None or entry.program != PROGRAM_NAME:
        return None
    if Record.path(instance.directory).exists():
        return Record.load(instance.directory).undo(instance.master_cf.read_bytes())
    return instance.with_command(service, original_command(entry))


def _is_ours(path: Path) -> bool:
    try:
        return MARK in path.read_bytes()[:200]
    except OSError:
        return False


def _other_users(instance: PostfixInstance) -> list[Path]:
    default = PostfixInstance.at(None)
    named = default.configuration.main().text("multi_instance_directories").replace(",", " ").split()
    others = {default.directory, *map(Path, named)} - {instance.directory}
    return sorted(directory for directory in others if Record.path(directory).exists())
