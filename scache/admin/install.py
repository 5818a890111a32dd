"""Installing: the daemon beside Postfix's own, and master.cf's entry pointed at it.

The program goes into daemon_directory under a name of its own. What the entry was before is kept in a file in
config_directory, so that `scache uninstall` can put it back byte by byte.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from scache.admin.check.files import HERE
from scache.admin.check.finding import Finding
from scache.admin.check.installation import PROGRAM_NAME, Installed, find, obstacles
from scache.admin.compiled import CompiledDaemon, directories
from scache.admin.configuration import Configuration, Service
from scache.admin.installed import installed_in
from scache.admin.instance import PostfixInstance
from scache.admin.record import Record
from scache.admin.zipapp import build, write_program
from scache.errors import UnavailableError

__all__ = [
    "Installation",
    "check_changeable",
    "clear_leftovers",
    "leftovers",
    "original_command",
    "remove_compiled",
]

#: For a Postfix before 3.6.
_SILENT = "-o scache_announce=no"


class Installation:
    """An installation into an instance, made out and not carried out yet.

    already: master.cf's entry runs the daemon, and only its program, or the record, may have to be written.
    is_complete: there is nothing to do at all. compiled: the daemon's compiled build, None for the sources'.
    Raises UnavailableError where it can't be installed there.
    """

    def __init__(self, instance: PostfixInstance, interpreter: str, *, compiled: bool = False) -> None:
        configuration = instance.configuration
        installed = installed_in(configuration)
        _refuse(obstacles(configuration, installed, HERE))
        entry = configuration.service(configuration.cache_service)
        assert entry is not None, "its absence is an obstacle"
        self.program = instance.path("daemon_directory") / PROGRAM_NAME
        self._instance = instance
        self.compiled = CompiledDaemon(interpreter, self.program) if compiled else None
        self._content = self.compiled.content if self.compiled else build(interpreter)
        self._before = instance.master_cf.read_bytes()
        self.already = entry.program == PROGRAM_NAME
        # Of an entry that nobody remembers otherwise: as if it had been Postfix's.
        command = original_command(entry) if self.already else _command(configuration, entry)
        versions = (instance.with_command(entry.id, command), self._before)
        before, self._after = versions if self.already else reversed(versions)
        self._old_record = Record.of(instance.directory) if self.already else None
        self.record = self._old_record or Record.between(entry.id, before, self._after)
        self._keeps_record = not (self.already and installed.is_kept(configuration.directory))
        self.writes_program = not (
            _is_executable(self.program)
            and self.program.read_bytes() == self._content
            and (self.compiled is None or self.compiled.is_there())
        )
        has_record = self._old_record is not None and self._old_record.is_settled
        self.is_complete = not self.writes_program and (has_record or not self._keeps_record)
        check_changeable(self._changed(), configuration, installed)

    def _changed(self) -> list[Path]:
        """The files that are to be written."""
        record = Record.path(self._instance.directory)
        return [
            *([] if self.already else [self._instance.master_cf]),
            *([record] if self._keeps_record and not self.is_complete else []),
            *([self.program] if self.writes_program else []),
        ]

    def carry_out(self) -> bool:
        """Write the files, in an order in which each is there before it is needed, and have Postfix reload.

        Returns whether it ran. Where that fails all is as it was before. Who is killed in between leaves a
        record that says so. Raises OSError, UnavailableError.
        """
        if self.is_complete:
            return False
        is_running = self._instance.is_running()
        old = self.program.read_bytes() if self.program.exists() else None
        try:
            self._write(is_running=is_running)
        except BaseException:
            self._undo(old)
            raise
        return is_running

    def _write(self, *, is_running: bool) -> None:
        directory = self._instance.directory
        clear_leftovers(directory, self.program)
        if self._keeps_record:
            self.record.save(directory, is_settled=False)
        if self.writes_program:
            self._write_program()
        if not self.already:
            self._instance.replace_master_cf(self._after)
        if is_running:
            self._instance.reload()
        if self._keeps_record:
            self.record.save(directory, is_settled=True)

    def _undo(self, program: bytes | None) -> None:
        directory = self._instance.directory
        if self._instance.master_cf.read_bytes() != self._before:
            self._instance.replace_master_cf(self._before)
        if self._old_record is None:
            Record.path(directory).unlink(missing_ok=True)
        if program is not None:
            write_program(self.program, program, replace=True)
        else:
            self.program.unlink(missing_ok=True)
            remove_compiled(self.program)

    def _write_program(self) -> None:
        """The program, and beside it the directory that it runs from, if it does, and no other."""
        directory = None
        if self.compiled is not None:
            self.compiled.write()
            directory = self.compiled.directory
        write_program(self.program, self._content, replace=True)
        remove_compiled(self.program, directory)


def _refuse(found: Sequence[Finding]) -> None:
    """UnavailableError where there is a finding that is in the way: its line, and what to do."""
    if found:
        raise UnavailableError(f"{found[0].line()}; do: {' && '.join(found[0].cure).removeprefix('# ')}")


def check_changeable(paths: Sequence[Path], configuration: Configuration, installed: Installed) -> None:
    """UnavailableError where one of these files can't be replaced: by the finding that says why, if any."""
    for path in paths:
        directory = path.resolve().parent
        names = (path, path.parent, directory)
        _refuse([each for each in find(configuration, installed) if Path(each.subject) in names])
        if not os.access(directory, os.W_OK):
            raise UnavailableError(f"{directory}: can't be written to")


def _is_executable(path: Path) -> bool:
    """Whether it is a file that everybody may run, as master(8)'s children do."""
    try:
        return path.stat().st_mode & 0o555 == 0o555
    except OSError:
        return False


def leftovers(directory: Path, program: Path) -> list[Path]:
    """What an installation that was killed had only half written."""
    return [
        *directory.glob(".master.cf.[0-9]*"),
        *directory.glob(f".master.cf.{PROGRAM_NAME}.[0-9]*"),
        *program.parent.glob(f".{PROGRAM_NAME}[.-]*"),
    ]


def clear_leftovers(directory: Path, program: Path) -> None:
    """Remove it. Raises OSError."""
    for path in leftovers(directory, program):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def remove_compiled(program: Path, kept: Path | None = None) -> None:
    """Remove the directories of compiled daemons beside the program but one. A daemon that runs has loaded
    what it needs.
    """
    for directory in directories(program):
        if directory != kept:
            shutil.rmtree(directory)


def original_command(entry: Service) -> str:
    """The command line of Postfix's own scache, for an entry that runs this project's."""
    return " ".join(("scache", *entry.options)).replace(_SILENT, "").strip()


def _command(configuration: Configuration, entry: Service) -> str:
    """The command line for master.cf. With a Postfix before 3.6, the daemon must not speak first."""
    words = [PROGRAM_NAME, *entry.options]
    if not configuration.speaks_first and "scache_announce" not in entry.overrides:
        words.append(_SILENT)
    return " ".join(words)
