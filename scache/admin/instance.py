"""A Postfix instance of this machine, to be changed: its master.cf, and its running daemons."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scache.admin.configuration import Configuration
from scache.admin.sources import from_directory
from scache.admin.tools import Tools
from scache.checking import TYPE_CHECKING
from scache.errors import UnavailableError
from scache.files import write_whole

if TYPE_CHECKING:
    import argparse

__all__ = ["PostfixInstance", "add_config_directory"]


def add_config_directory(parser: argparse.ArgumentParser) -> None:
    """The option that says which instance is meant."""
    parser.add_argument(
        "--config-directory",
        metavar="DIR",
        type=Path,
        help="config_directory of the Postfix instance (default: MAIL_CONFIG, else that of postconf)",
    )


class PostfixInstance:
    """One instance, with its configuration as it was read when this was made."""

    def __init__(self, configuration: Configuration, tools: Tools) -> None:
        self.configuration = configuration
        self.directory = Path(configuration.directory)
        self.master_cf = self.directory / "master.cf"
        self._tools = tools

    @classmethod
    def at(cls, directory: Path | None) -> PostfixInstance:
        """The instance with this config_directory, None for the default one.

        UnavailableError where Postfix isn't installed, or the configuration can't be read.
        """
        tools = Tools.installed()
        if tools is None:
            raise UnavailableError("postconf: not found; is Postfix installed?")
        return cls(from_directory(directory, tools), tools)

    @classmethod
    @contextmanager
    def alone(cls, directory: Path | None) -> Iterator[PostfixInstance]:
        """The same, while nobody else is at it in this way; waits for who is. Raises OSError, too."""
        descriptor = os.open(cls.at(directory).directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield cls.at(directory)  # read anew: it may have changed meanwhile
        finally:
            os.close(descriptor)

    def path(self, parameter: str) -> Path:
        """A path that a parameter names. UnavailableError where its value says none."""
        main = self.configuration.main()
        text = main.text(parameter)
        if not text.startswith("/"):
            said = setting.value if (setting := main.setting(parameter)) else ""
            raise UnavailableError(f"{self.directory}/main.cf: {parameter} = {said}: no absolute path")
        return Path(text)

    def with_command(self, service: str, command: str) -> bytes:
        """What postconf(1) would make of master.cf to give the service another command line."""
        with tempfile.TemporaryDirectory(prefix="scache-") as copy:
            for name in ("main.cf", "master.cf"):
                shutil.copy2(self.directory / name, copy)
            self._tools.edit_master_cf(copy, f"{service}/command={command}")
            return Path(copy, "master.cf").read_bytes()

    def replace_master_cf(self, content: bytes) -> None:
        """Put a new master.cf in place of the old, with its owner and mode, whole or not at all.

        Where master.cf is a symbolic link it stays one. Raises OSError.
        """
        path = Path(os.path.realpath(self.master_cf))
        old = path.stat()
        owner = (old.st_uid, old.st_gid)
        write_whole(path, content, replace=True, mode=old.st_mode & 0o7777, owner=owner)

    def is_running(self) -> bool:
        """Whether its master(8) runs. UnavailableError where only root could tell."""
        main = self.configuration.main()
        queue = Path(main.text("queue_directory"))
        directory = queue / (main.text("process_id_directory") or "pid")
        try:
            if not (directory / "master.pid").exists():
                return False
        except PermissionError:
            pass
        if os.geteuid() != 0:
            raise UnavailableError("whether Postfix runs can be asked by root only")
        return self._tools.status(str(self.directory)) == 0

    def reload(self) -> None:
        """`postfix reload`. UnavailableError where that fails."""
        self._tools.reload(str(self.directory))
