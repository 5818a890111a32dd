"""Setting a recorder in front of a running Postfix's scache, and taking it away again."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from scache.errors import UnavailableError, UsageError

__all__ = ["Interposition"]

PARAMETER = "connection_cache_service_name"

#: Name of the recorder's socket in the queue directory's `private`.
SERVICE = "scache-record"


class Interposition:
    """Makes the delivery agents of the Postfix with this configuration directory use another service.

    Raises UnavailableError without Postfix's commands, UsageError where they fail (with their own words) or
    where a recorder is in front already.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        service = self._value(PARAMETER)
        if service == SERVICE:
            raise UsageError(
                f"{directory}: {PARAMETER} is {SERVICE} already: a recorder is at work, or one was killed"
                f" (then run `postconf -c {directory} -X {PARAMETER}` and `postfix -c {directory} reload`)"
            )
        private = Path(self._value("queue_directory")) / "private"
        self.listen = private / SERVICE
        self.upstream = private / service
        self.release = self._value("mail_version")
        self.announces = _is_at_least_3_6(self.release)
        self._setting = self._run("postconf", "-n", PARAMETER).strip()

    def install(self) -> None:
        """Point the delivery agents at the recorder's socket."""
        self._run("postconf", "-e", f"{PARAMETER} = {SERVICE}")
        self._run("postfix", "reload")

    def remove(self) -> None:
        """Put the parameter back as it was, in main.cf or out of it."""
        if self._setting:
            self._run("postconf", "-e", self._setting)
        else:
            self._run("postconf", "-X", PARAMETER)
        self._run("postfix", "reload")

    def _value(self, parameter: str) -> str:
        return self._run("postconf", "-h", parameter).strip()

    def _run(self, command: str, *words: str) -> str:
        line = [command, "-c", str(self._directory), *words]
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise UnavailableError(
                f"{command}: no such command (is Postfix installed and in PATH?)"
            ) from None
        if done.returncode:
            reason = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise UsageError(f"{' '.join(line)}: {reason[-1]}")
        return done.stdout


def _is_at_least_3_6(release: str) -> bool:
    """Whether a server of this release announces its protocol; so does one whose release can't be read."""
    numbers = re.match(r"(\d+)\.(\d+)", release)
    return numbers is None or (int(numbers[1]), int(numbers[2])) >= (3, 6)
