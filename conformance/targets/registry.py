"""From the name of a target, as it is written on a command line, to the target."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from conformance.contract.target import Target
from conformance.postfix.master import Command
from conformance.targets.installed import installed_postfix, live
from conformance.targets.reference import ReferenceTarget
from conformance.targets.releases import default_cache, release_target
from conformance.targets.running_server import RunningServerTarget
from conformance.targets.simulated import SimulatedTarget
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UsageError
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

__all__ = ["STANDARD", "parse_target"]

#: What a run looks at when no target is named.
STANDARD = ("reference", "simulated", "live", "postfix")

_NAMED: dict[str, Callable[[], Target]] = {
    "reference": ReferenceTarget,
    "simulated": SimulatedTarget,
    "live": live,
    "postfix": installed_postfix,
}
_RELEASE = re.compile(r"postfix-\d+(\.\d+)*")


def parse_target(name: str, cache: Path | None = None) -> Target:
    """The target of that name; one that cannot run here says so when asked (`unavailable`).

    reference, simulated, live, postfix; postfix-3.5 and so on (a release that was fetched into `cache`, by
    default releases.default_cache()); program:PATH[,announce=no] (a program that takes master(8)'s contract);
    socket:PATH (a running server). Raises UsageError for anything else.
    """
    if name in _NAMED:
        return _NAMED[name]()
    if _RELEASE.fullmatch(name):
        return release_target(name, cache or default_cache())
    kind, _, rest = name.partition(":")
    if kind == "program" and rest:
        return _program(name, rest)
    if kind == "socket" and rest:
        return RunningServerTarget(name, Path(rest).absolute())
    raise UsageError(f"{name}: no such target")


def _program(name: str, words: str) -> Target:
    path, *settings = words.split(",")
    if settings not in ([], ["announce=yes"], ["announce=no"]):
        raise UsageError(f"{name}: after the path only `,announce=no` may follow")
    dialect = POSTFIX_2 if settings == ["announce=no"] else POSTFIX_3_6
    return SpawnedTarget(name, Command(Path(path).absolute()), dialect)
