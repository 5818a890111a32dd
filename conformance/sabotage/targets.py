"""Targets that are wrong in one way: this project's daemon in memory, and as a process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from conformance.contract.found import Found
from conformance.contract.target import Daemon
from conformance.postfix.master import Command
from conformance.sabotage.planting import Sabotage, begin_daemon
from conformance.targets.simulated import SimulatedTarget
from conformance.targets.spawned import SpawnedTarget
from scache.protocol.dialect import POSTFIX_3_6

__all__ = ["WrongTarget", "wrong_process"]


class WrongTarget:
    """The target `simulated`, while a sabotage is planted: each daemon begins to count anew."""

    name = "simulated"

    def __init__(self) -> None:
        self._target = SimulatedTarget()

    def unavailable(self) -> str | None:
        return None

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        begin_daemon()
        return self._target.start(options)


def wrong_process(sabotage: Sabotage) -> SpawnedTarget:
    """The target `live`, with the sabotage planted in its process."""
    root = str(Path(__file__).parents[2])
    program = (
        f"import sys; sys.path.insert(0, {root!r}); from conformance.sabotage.process import main; "
        f"sys.exit(main({sabotage.name!r}))"
    )
    command = Command(Path(sys.executable), (sys.executable, "-IS", "-c", program))
    return SpawnedTarget("live", command, Found(POSTFIX_3_6), ours=True)
