"""The Postfix of this machine: where its programs are. The lab runs its programs, never its mail system."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scache.errors import UnavailableError

__all__ = ["ENVIRONMENT", "Installation", "installed_postfix"]

SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C", "TZ": "UTC"}
"""The whole environment of every program that the lab starts: nothing leaks in from the caller's."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A Postfix release on this machine."""

    version: str
    daemon_directory: Path
    command_directory: Path
    mail_owner: str
    setgid_group: str

    @property
    def announces(self) -> bool:
        """Whether its scache(8) speaks first: since 3.6."""
        return tuple(map(int, self.version.split(".")[:2])) >= (3, 6)

    def settings(self) -> dict[str, str]:
        """main.cf parameters that go with this release."""
        return {
            "compatibility_level": "3.6" if self.announces else "2",
            "daemon_directory": str(self.daemon_directory),
            "command_directory": str(self.command_directory),
        }

    def command(self, name: str) -> str:
        """Absolute path of a command such as `postfix` or `smtp-source`."""
        return str(self.command_directory / name)


def installed_postfix() -> Installation:
    """Find the Postfix of this machine by its compiled-in defaults, without reading its configuration.

    Raises UnavailableError where there is none, or where the caller is not root.
    """
    postconf = shutil.which("postconf", path=SEARCH_PATH)
    if postconf is None:
        raise UnavailableError("no Postfix on this machine: postconf was not found")
    if os.geteuid() != 0:
        raise UnavailableError("a private Postfix can be started by root only")
    names = ("mail_version", "daemon_directory", "command_directory", "mail_owner", "setgid_group")
    answer = subprocess.run(
        [postconf, "-dh", *names], env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=10
    )
    version, daemons, commands, owner, group = answer.stdout.splitlines()
    installation = Installation(version, Path(daemons), Path(commands), owner, group)
    for needed in ("postfix", "smtp-source", "smtp-sink"):
        if not os.access(installation.command(needed), os.X_OK):
            raise UnavailableError(f"this Postfix has no {needed} command in {commands}")
    return installation
