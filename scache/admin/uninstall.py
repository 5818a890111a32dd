"""Uninstalling: master.cf's entry as it was before the installation, byte by byte."""

from __future__ import annotations

import contextlib
from pathlib import Path

from scache.admin.check.installation import PROGRAM_NAME
from scache.admin.install import (
    check_changeable,
    clear_leftovers,
    leftovers,
    original_command,
    remove_compiled,
)
from scache.admin.installed import installed_in, is_ours
from scache.admin.instance import PostfixInstance
from scache.admin.reading import read_master_cf
from scache.admin.record import Record
from scache.errors import UnavailableError

__all__ = ["Removal"]


class Removal:
    """A removal from an instance, made out and not carried out yet.

    entry: the service whose entry changes, None where it runs Postfix's scache already.
    others: config_directory of each instance of this Postfix that runs the program, for another service, too.
    removes_program: whether it is there, and nobody else runs it.
    is_complete: there is nothing to do at all.
    Raises UnavailableError where the entry can't be written.
    """

    def __init__(self, instance: PostfixInstance) -> None:
        self._instance = instance
        self._record = Record.path(instance.directory)
        record = Record.of(instance.directory)
        service = record.service if record else f"{instance.configuration.cache_service}/unix"
        self._master_cf = _restored(instance, service, record)
        self.entry = service if self._master_cf is not None else None
        self.others = _other_users(instance, service)
        self.program = instance.path("daemon_directory") / PROGRAM_NAME
        self.removes_program = not self.others and is_ours(self.program)
        is_clean = not self._record.exists() and not leftovers(instance.directory, self.program)
        self.is_complete = self.entry is None and not self.removes_program and is_clean
        changed = [
            *([instance.master_cf] if self.entry else []),
            *([self._record] if self._record.exists() else []),
            *([self.program] if self.removes_program else []),
        ]
        check_changeable(changed, instance.configuration, installed_in(instance.configuration))

    def carry_out(self) -> bool:
        """Give the service its entry back, have Postfix reload, remove the program unless others run it.

        Returns whether Postfix ran. Where the reload fails all is as it was before. The record goes last: who
        is killed in between leaves one. Raises OSError, UnavailableError.
        """
        if self.is_complete:
            return False
        is_running = self._instance.is_running()
        before = self._instance.master_cf.read_bytes()
        if self._master_cf is not None:
            self._instance.replace_master_cf(self._master_cf)
        if is_running:  # it may run the program, whatever master.cf says by now
            try:
                self._instance.reload()
            except UnavailableError:
                if self._master_cf is not None:
                    self._instance.replace_master_cf(before)
                raise
        if self.removes_program:
            self.program.unlink(missing_ok=True)
            remove_compiled(self.program)
        clear_leftovers(self._instance.directory, self.program)
        self._record.unlink(missing_ok=True)
        return is_running


def _restored(instance: PostfixInstance, service: str, record: Record | None) -> bytes | None:
    """master.cf as it is to be; None where it is so already, because something has put the entry back."""
    entry = instance.configuration.service(*service.split("/"))
    if entry is None or entry.program != PROGRAM_NAME:
        return None
    before = record.undo(instance.master_cf.read_bytes()) if record else None
    return before if before is not None else instance.with_command(service, original_command(entry))


def _other_users(instance: PostfixInstance, service: str) -> list[Path]:
    """Where else the program is run: entries in each instance's master.cf but this one's for the service."""
    directories = {instance.directory}
    with contextlib.suppress(UnavailableError):  # a machine may have no default instance
        default = PostfixInstance.at(None)
        named = default.configuration.main().text("multi_instance_directories").replace(",", " ").split()
        directories |= {default.directory, *map(Path, named)}
    return sorted(
        directory
        for directory in directories
        if _runs_program(directory, service if directory == instance.directory else None)
    )


def _runs_program(directory: Path, but: str | None) -> bool:
    try:
        text = (directory / "master.cf").read_text("utf-8", "surrogateescape")
    except OSError:
        return False
    services, _comments, _faults = read_master_cf(text, "")
    return any(each.program == PROGRAM_NAME for each in services if each.id != but)
