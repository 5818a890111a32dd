"""A target that cannot run on this machine, and says why."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.contract.target import Daemon
from scache.errors import UnavailableError

__all__ = ["AbsentTarget"]


class AbsentTarget:
    """Stands in the table where a target would stand, with the reason why it isn't there."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def unavailable(self) -> str | None:
        return self._reason

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:  # noqa: ARG002
        raise UnavailableError(f"{self.name}: {self._reason}")
