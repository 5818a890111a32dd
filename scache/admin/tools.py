"""The commands of the Postfix that is installed on this machine: postconf(1), postmap(1), postfix(1)."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cached_property
from pathlib import Path

from scache.errors import UnavailableError

__all__ = ["DEFAULT_DIRECTORY", "Tools"]

DEFAULT_DIRECTORY = "/etc/postfix"
_PATIENCE = 10.0  # seconds for the longest that is asked
_SEARCH = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin"


class Tools:
    """They, of one Postfix; directory: the config_directory of the instance that is meant."""

    def __init__(self, postconf: str) -> None:
        self._postconf = postconf

    @classmethod
    def installed(cls) -> Tools | None:
        """They, or None where there is no Postfix here."""
        found = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:{_SEARCH}")
        return cls(found) if found else None

    def path(self, command: str) -> str:
        """Where a command is."""
        return str(Path(self._postconf).with_name(command))

    def _run(
        self, command: str, *words: str, timeout: float | None = None, within: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        line = [self.path(command), *words]
        return subprocess.run(
            line,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=timeout,
            cwd=within,
        )

    @cached_property
    def default_directory(self) -> str:
        """The directory that they take without being told."""
        return self._run("postconf", "-h", "config_directory").stdout.strip() or DEFAULT_DIRECTORY

    @cached_property
    def defaults(self) -> dict[str, str]:
        """The defaults of every parameter that this release knows."""
        lines = self._run("postconf", "-d").stdout.splitlines()
        pairs = (line.partition(" =") for line in lines)
        return {name: value.strip() for name, equals, value in pairs if equals}

    @cached_property
    def table_types(self) -> frozenset[str]:
        """The types of lookup tables that they were built with."""
        return frozenset(self._run("postconf", "-m").stdout.split())

    def warnings(self, directory: str) -> list[str]:
        """What postconf(1) warns of in a configuration; of several alike one.

        Nothing where it takes too long: values that refer to others more than once can grow without bound.
        """
        try:
            lines = self._run("postconf", "-c", directory, "-n", timeout=_PATIENCE).stderr.splitlines()
        except subprocess.TimeoutExpired:
            return []
        return list(
            dict.fromkeys(line.partition(": warning: ")[2] for line in lines if ": warning: " in line)
        )

    def status(self, directory: str) -> int:
        """Exit status of `postfix status`: 0 where the instance runs. For root only."""
        return self._run("postfix", "-c", directory, "status").returncode

    def reload(self, directory: str) -> None:
        """Have the instance read its configuration anew. UnavailableError where that fails."""
        if self._run("postfix", "-c", directory, "reload").returncode != 0:
            raise UnavailableError(f"postfix -c {directory} reload: failed; its log says why")

    def edit_master_cf(self, directory: str, change: str) -> None:
        """`postconf -F name/type/field=value`. UnavailableError with its text where that fails."""
        done = self._run("postconf", "-c", directory, "-F", change)
        faults = [line for line in done.stderr.splitlines() if ": warning: " not in line]
        if done.returncode != 0 or faults:
            raise UnavailableError(faults[-1] if faults else f"postconf: exit status {done.returncode}")

    def look_up(self, directory: str, table: str, key: str, within: str | None) -> str | None:
        """What a table answers, asked within a directory. UnavailableError where it can't be asked."""
        done = self._run("postmap", "-c", directory, "-q", key, table, within=within)
        faults = [line for line in done.stderr.splitlines() if ": warning: " not in line]
        if faults:
            raise UnavailableError(faults[-1])
        return done.stdout.strip() or None
