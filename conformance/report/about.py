"""What a run was, so that somebody else can have it again: versions, seed, command, how long it took."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from conformance.contract.target import Foreign, Target
from scache import __version__

__all__ = ["About", "described"]


@dataclass(frozen=True, slots=True)
class About:
    """A run.

    command: as it was typed. began: with its time zone. seconds: it took. targets: name -> what it is.
    """

    command: Sequence[str]
    seed: int | None
    began: datetime
    seconds: float
    versions: dict[str, str]
    targets: dict[str, str]

    @classmethod
    def of(
        cls, words: Sequence[str], targets: Sequence[Target], began: datetime, seed: int | None = None
    ) -> About:
        """The run with these arguments that began then and has ended now. Raises UnavailableError."""
        versions = {
            "scache": __version__,
            "Python": platform.python_version(),
            platform.system(): f"{platform.release()} {platform.machine()}",
        }
        seconds = (datetime.now(UTC) - began).total_seconds()
        command = ["python", "-m", "conformance", *words]
        return cls(command, seed, began, seconds, versions, {each.name: described(each) for each in targets})

    @property
    def command_line(self) -> str:
        """The command, to be typed again."""
        return shlex.join(self.command)

    @property
    def platform(self) -> str:
        """`scache 0.1.0, Python 3.11.7, Linux 6.1.0 x86_64`."""
        return ", ".join(f"{name} {version}" for name, version in self.versions.items())


def described(target: Target) -> str:
    """What a target is, in a few words: `Postfix 3.7.11`, or why it can't run here."""
    if reason := target.unavailable():
        return f"unavailable: {reason}"
    if target.name in ("simulated", "live"):
        return f"scache {__version__}"
    if not isinstance(target, Foreign):
        return "the bench's model"
    found = target.found()
    return f"Postfix {found.release}" if target.name.startswith("postfix") else str(found)
