"""From the name of a target, as it is written on a command line, to the target."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from conformance.contract.target import Target
from conformance.postfix.installations import default_cache
from conformance.postfix.master import Command
from conformance.targets.installed import live, postfix, release
from conformance.targets.reference import ReferenceTarget
from conformance.targets.running_server import RunningServerTarget
from conformance.targets.simulated import SimulatedTarget
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UsageError

__all__ = ["STANDARD", "parse_target"]

#: What a run looks at when no target is named.
STANDARD = ("reference", "simulated", "live", "postfix")

_NAMED: dict[str, Callable[[], Target]] = {
    "reference": ReferenceTarget,
    "simulated": SimulatedTarget,
    "live": live,
    "postfix": postfix,
}
_RELEASE = re.compile(r"postfix-\d+(\.\d+)*")


def parse_target(name: str, cache: Path | None = None) -> Target:
    """The target of that name; one that cannot run here says so when asked (`unavailable`).

    reference, simulated, live, postfix; postfix-3.5 and so on (a release that was fetched into `cache`, by
    default default_cache()); program:PATH (a program that takes master(8)'s contract); socket:PATH (a
    running server). Raises UsageError for anything else.
    """
    if name in _NAMED:
        return _NAMED[name]()
    if _RELEASE.fullmatch(name):
        return release(name, cache or default_cache())
    kind, _, rest = name.partition(":")
    if kind == "program" and rest:
        return SpawnedTarget(name, Command(Path(rest).absolute()))
    if kind == "socket" and rest:
        return RunningServerTarget(name, Path(rest).absolute())
    raise UsageError(f"{name}: no such target")
