"""Installing: the daemon beside Postfix's own, and master.cf's entry pointed at it.

The program goes into daemon_directory under a name of its own. What the entry was before is kept in a file in
config_directory, so that `scache uninstall` can put it back byte by byte.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from scache.admin.instance import PostfixInstance
from scache.admin.zipapp import MARK, build, write_program
from scache.checking import TYPE_CHECKING
from scache.errors import UnavailableError

if TYPE_CHECKING:
    from scache.admin.instance import Entry

__all__ = ["PROGRAM_NAME", "Installation", "Record", "service_of"]

PROGRAM_NAME = "scache-python"


class Installation:
    """An installation into an instance, made out and not carried out yet.

    already: the daemon is installed there, and only its program will be written anew.
    Raises UnavailableError where it can't be installed there.
    """

    def __init__(self, instance: PostfixInstance, interpreter: str) -> None:
        service = service_of(instance)
        entry = _usable_entry(instance, service)
        self.program = Path(instance.value("daemon_directory"), PROGRAM_NAME)
        _check_program_file(self.program)
        self._instance = instance
        self._content = build(interpreter)
        self._master_cf = instance.master_cf.read_bytes()
        self.record = Record.between(
            service, self._master_cf, instance.with_command(service, _command(instance, service, entry))
        )
        _check_writable(self.program.parent, instance.directory)
        self.already = entry.program == PROGRAM_NAME

    def carry_out(self) -> None:
        """Write the three files, in an order in which each is there before it is needed; or none of them."""
        is_new = not self.program.exists()
        write_program(self.program, self._content, replace=True)
        if self.already:
            return
        directory = self._instance.directory
        try:
            self.record.save(directory)
            self._instance.replace_master_cf(self.record.apply(self._master_cf))
        except BaseException:
            Record.path(directory).unlink(missing_ok=True)
            if is_new:
                self.program.unlink()
            raise


def service_of(instance: PostfixInstance) -> str:
    """`name/unix` of the service that the instance's delivery agents ask for connections."""
    return f"{instance.value('connection_cache_service_name')}/unix"


def _usable_entry(instance: PostfixInstance, service: str) -> Entry:
    """The service's entry. UnavailableError where it isn't one that can be taken over."""
    where = f"{instance.master_cf}: service {service}"
    if instance.services().count(service) > 1:
        raise UnavailableError(f"{where}: has more than one entry")
    entry = instance.entry(service)
    if entry is None:
        raise UnavailableError(f"{where}: not found, though connection_cache_service_name names it")
    if entry.process_limit != "1":
        raise UnavailableError(f"{where}: its process limit is {entry.process_limit}, but a cache needs 1")
    if entry.program == PROGRAM_NAME:
        if not Record.path(instance.directory).exists():
            raise UnavailableError(
                f"{where}: runs {PROGRAM_NAME}, but {Record.path(instance.directory)} is missing"
            )
    elif entry.program != "scache":
        raise UnavailableError(f"{where}: runs {entry.program}, not scache")
    elif Record.path(instance.directory).exists():
        raise UnavailableError(
            f"{Record.path(instance.directory)}: left over from an earlier installation; remove it"
        )
    return entry


def _check_program_file(program: Path) -> None:
    if program.exists() and MARK not in program.read_bytes()[:200]:
        raise UnavailableError(f"{program}: exists, and is not this program")


def _check_writable(*directories: Path) -> None:
    for directory in directories:
        if not os.access(directory, os.W_OK):
            raise UnavailableError(f"{directory}: can't be written to")


def _command(instance: PostfixInstance, service: str, entry: Entry) -> str:
    """The command line for master.cf. With a Postfix before 3.6, the daemon must not speak first."""
    words = [PROGRAM_NAME, *([entry.arguments] if entry.arguments else [])]
    if not instance.speaks_first and "scache_announce" not in instance.overrides(service):
        words.append("-o scache_announce=no")
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
