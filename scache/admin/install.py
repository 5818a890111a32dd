"""Installing: the daemon beside Postfix's own, and master.cf's entry pointed at it.

The program goes into daemon_directory under a name of its own. What the entry was before is kept in a file in
config_directory, so that `scache uninstall` can put it back byte by byte.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from scache.admin.check.files import HERE
from scache.admin.check.installation import PROGRAM_NAME, Installed, mounts, obstacles
from scache.admin.compiled import CompiledDaemon, directories
from scache.admin.configuration import Configuration, Service
from scache.admin.instance import PostfixInstance
from scache.admin.zipapp import MARK, build, write_program
from scache.errors import UnavailableError

__all__ = [
    "PROGRAM_NAME",
    "Installation",
    "Record",
    "installed_in",
    "is_mounted",
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
        _refuse(instance)
        entry = instance.configuration.service(instance.configuration.cache_service)
        assert entry is not None, "its absence is an obstacle"
        self.program = instance.path("daemon_directory") / PROGRAM_NAME
        self._instance = instance
        self.compiled = CompiledDaemon(interpreter, self.program) if compiled else None
        self._content = self.compiled.content if self.compiled else build(interpreter)
        self._master_cf = instance.master_cf.read_bytes()
        self.already = entry.program == PROGRAM_NAME
        if self.already:  # of an entry that nobody remembers otherwise, as if it had been Postfix's
            before = instance.with_command(entry.id, original_command(entry))
            self.record = Record.between(entry.id, before, self._master_cf)
        else:
            after = instance.with_command(entry.id, _command(instance.configuration, entry))
            self.record = Record.between(entry.id, self._master_cf, after)
        self._has_record = self.already and Record.path(instance.directory).exists()
        _check_writable(self.program.parent, instance.directory)
        self.is_complete = (
            self._has_record
            and _holds(self.program, self._content)
            and (self.compiled is None or self.compiled.is_there())
        )

    def carry_out(self) -> None:
        """Write the files, in an order in which each is there before it is needed; or none of them."""
        if self.is_complete:
            return
        is_new = not self.program.exists()
        directory = self._instance.directory
        try:
            self._write_program()
            if self._has_record:
                return
            self.record.save(directory)
            if not self.already:
                self._instance.replace_master_cf(self.record.apply(self._master_cf))
        except BaseException:
            if not self._has_record:
                Record.path(directory).unlink(missing_ok=True)
            if is_new:
                self.program.unlink(missing_ok=True)
                remove_compiled(self.program)
            raise

    def _write_program(self) -> None:
        """The program, and beside it the directory that it runs from, if it does, and no other."""
        directory = None
        if self.compiled is not None:
            self.compiled.write()
            directory = self.compiled.directory
        write_program(self.program, self._content, replace=True)
        remove_compiled(self.program, directory)


def _refuse(instance: PostfixInstance) -> None:
    """UnavailableError where `scache check` finds what an installation can't go on with."""
    configuration = instance.configuration
    found = obstacles(configuration, installed_in(configuration), HERE)
    if found:
        raise UnavailableError(f"{found[0].line()}; do: {' && '.join(found[0].cure)}")


def installed_in(configuration: Configuration) -> Installed:
    """What of an installation is there, on this machine."""
    program = Path(configuration.main().text("daemon_directory"), PROGRAM_NAME)
    try:
        is_foreign = MARK not in program.read_bytes()[:200]
    except OSError:
        is_foreign = False
    has_record = Record.path(Path(configuration.directory)).exists()
    return Installed(has_record, str(program), is_foreign, _mounts())


def _mounts() -> frozenset[str]:
    try:
        return mounts(Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape"))
    except OSError:
        return frozenset()


def is_mounted(path: Path) -> bool:
    """Whether a file is a mount point, which can't be replaced."""
    return str(path) in _mounts()


def remove_compiled(program: Path, kept: Path | None = None) -> None:
    """Remove the directories of compiled daemons beside the program but one. A daemon that runs has loaded
    what it needs.
    """
    for directory in directories(program):
        if directory != kept:
            shutil.rmtree(directory)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def original_command(entry: Service) -> str:
    """The command line of Postfix's own scache, for an entry that runs this project's."""
    return " ".join(("scache", *entry.options)).replace(_SILENT, "").strip()


def _check_writable(*directories: Path) -> None:
    for directory in directories:
        if not os.access(directory, os.W_OK):
            raise UnavailableError(f"{directory}: can't be written to")


def _command(configuration: Configuration, entry: Service) -> str:
    """The command line for master.cf. With a Postfix before 3.6, the daemon must not speak first."""
    words = [PROGRAM_NAME, *entry.options]
    if not configuration.speaks_first and "scache_announce" not in entry.overrides:
        words.append(_SILENT)
    return " ".join(words)


class Record:
    """How the installation has changed master.cf: these lines, into those."""

    def __init__(self, service: str, before: str, after: str) -> None:
        self.service = service
        self._before = before
        self._after = after

    @classmethod
    def between(cls, service: str, before: bytes, after: bytes) -> Record:
        """From the file before and after: what is the same at both ends is left out."""
        old, new = _text(before).splitlines(True), _text(after).splitlines(True)
        start = 0
        while start < min(len(old), len(new)) and old[start] == new[start]:
            start += 1
        end = 0
        while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
            end += 1
        return cls(service, "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end]))

    @staticmethod
    def path(directory: Path) -> Path:
        """Where an instance keeps it."""
        return directory / f"master.cf.{PROGRAM_NAME}"

    @classmethod
    def load(cls, directory: Path) -> Record:
        """The record of an instance. UnavailableError where there is none, or it can't be understood."""
        path = cls.path(directory)
        try:
            fields = json.loads(path.read_text("utf-8"))
            return cls(fields["service"], fields["before"], fields["after"])
        except FileNotFoundError as error:
            raise UnavailableError(f"{path}: not found; nothing is installed here") from error
        except (ValueError, KeyError, TypeError) as error:
            raise UnavailableError(f"{path}: not a record of an installation") from error

    def save(self, directory: Path) -> None:
        """Write it into an instance's config_directory."""
        fields = {"service": self.service, "before": self._before, "after": self._after}
        self.path(directory).write_text(json.dumps(fields, indent=1) + "\n", "utf-8")

    def apply(self, master_cf: bytes) -> bytes:
        """master.cf as the installation leaves it."""
        return _replaced(master_cf, self._before, self._after)

    def undo(self, master_cf: bytes) -> bytes:
        """master.cf as it was. UnavailableError where the entry was changed since the installation."""
        return _replaced(master_cf, self._after, self._before)

    def changes(self) -> str:
        """The lines that go (`-`) and those that come (`+`)."""
        return "\n".join(
            [f"- {line}" for line in self._before.splitlines()]
            + [f"+ {line}" for line in self._after.splitlines()]
        )


def _replaced(content: bytes, old: str, new: str) -> bytes:
    text = f"\n{_text(content)}"
    if text.count(f"\n{old}") != 1:
        raise UnavailableError(
            f"master.cf does not have this entry any more, change it by hand:\n{old.rstrip()}"
        )
    return text.replace(f"\n{old}", f"\n{new}")[1:].encode("latin-1")


def _text(content: bytes) -> str:
    return content.decode("latin-1")
