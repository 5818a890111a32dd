"""A Postfix instance, as its own tools show and change it: postconf(1), postfix(1), master.cf."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scache.checking import TYPE_CHECKING
from scache.errors import UnavailableError
from scache.protocol.dialect import announces

if TYPE_CHECKING:
    import argparse

__all__ = ["SEARCH", "Entry", "PostfixInstance", "add_config_directory"]

SEARCH = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin"


def add_config_directory(parser: argparse.ArgumentParser) -> None:
    """The option that says which instance is meant."""
    parser.add_argument(
        "--config-directory",
        metavar="DIR",
        type=Path,
        help="config_directory of the Postfix instance (default: MAIL_CONFIG, else that of postconf)",
    )


class Entry:
    """A service in master.cf, as `postconf -F` splits it; missing means that master.cf doesn't have it."""

    def __init__(self, fields: dict[str, str]) -> None:
        self.private = fields["private"]
        self.chroot = fields["chroot"]
        self.process_limit = fields["process_limit"]
        self.program, _, self.arguments = fields["command"].partition(" ")


class PostfixInstance:
    """One instance, known by its config_directory.

    UnavailableError where Postfix isn't installed, or its tools refuse; the text is theirs.
    """

    def __init__(self, config_directory: Path | None) -> None:
        found = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:{SEARCH}")
        if found is None:
            raise UnavailableError("postconf: not found; is Postfix installed?")
        self._postconf = found
        self._postfix = str(Path(found).with_name("postfix"))
        self.directory = config_directory or Path(self._run([found, "-h", "config_directory"]).strip())
        self.directory = self.directory.absolute()
        for name in ("main.cf", "master.cf"):
            if not (self.directory / name).is_file():
                raise UnavailableError(f"{self.directory / name}: not a file")

    @property
    def master_cf(self) -> Path:
        """Its master.cf."""
        return self.directory / "master.cf"

    def values(self, *names: str) -> dict[str, str]:
        """Values of parameters, expanded; without a parameter that this release doesn't know."""
        text = self._run([self._postconf, "-c", str(self.directory), "-x", *names])
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
        return {name.strip(): value.strip() for name, _equals, value in pairs}

    def value(self, name: str) -> str:
        """Value of one parameter, expanded."""
        return self.values(name)[name]

    @property
    def speaks_first(self) -> bool:
        """Whether its release's servers announce their protocol, and its clients wait for that."""
        return announces(self.value("mail_version"))

    def services(self) -> list[str]:
        """`name/type` of each service in master.cf."""
        lines = self._run([self._postconf, "-c", str(self.directory), "-M"]).splitlines()
        return ["/".join(line.split()[:2]) for line in lines if line[:1].strip()]

    def entry(self, service: str) -> Entry | None:
        """The service `name/type` in master.cf, None where there is none."""
        if service not in self.services():
            return None
        text = self._run([self._postconf, "-c", str(self.directory), "-F", f"{service}/*"])
        pairs = (line.partition(" = ") for line in text.splitlines())
        return Entry({name.rpartition("/")[2]: value for name, _equals, value in pairs})

    def overrides(self, service: str) -> dict[str, str]:
        """Parameters that a service sets with `-o` in master.cf."""
        text = self._run([self._postconf, "-c", str(self.directory), "-Px", f"{service}/*"])
        pairs = (line.partition(" = ") for line in text.splitlines())
        return {name.rpartition("/")[2]: value for name, _equals, value in pairs}

    def with_command(self, service: str, command: str) -> bytes:
        """What postconf would make of master.cf to give the service another command line."""
        with tempfile.TemporaryDirectory(prefix="scache-") as copy:
            for name in ("main.cf", "master.cf"):
                shutil.copy(self.directory / name, copy)
            self._run([self._postconf, "-c", copy, "-F", f"{service}/command={command}"])
            return Path(copy, "master.cf").read_bytes()

    def replace_master_cf(self, content: bytes) -> None:
        """Put a new master.cf in place of the old, with its owner and mode, whole or not at all."""
        old = self.master_cf.stat()
        descriptor, name = tempfile.mkstemp(prefix=".master.cf.", dir=self.directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
                os.fchmod(file.fileno(), old.st_mode & 0o7777)
            os.replace(name, self.master_cf)
        except BaseException:
            os.unlink(name)
            raise

    def is_running(self) -> bool:
        """Whether its master(8) runs."""
        return self._call(["status"]) == 0

    def reload_if_running(self) -> bool:
        """Reload it if its master(8) runs; whether it does. Raises UnavailableError where that fails."""
        if not self.is_running():
            return False
        self.reload()
        return True

    def reload(self) -> None:
        """`postfix reload`. Raises UnavailableError where that fails."""
        if self._call(["reload"]) != 0:
            raise UnavailableError(f"postfix -c {self.directory} reload: failed; its log says why")

    def _call(self, words: list[str]) -> int:
        command = [self._postfix, "-c", str(self.directory), *words]
        return subprocess.run(command, capture_output=True, check=False).returncode

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)
        faults = [line for line in done.stderr.splitlines() if ": warning: " not in line]
        if done.returncode != 0 or faults:
            raise UnavailableError(faults[-1] if faults else f"{command[0]}: exit status {done.returncode}")
        return done.stdout
