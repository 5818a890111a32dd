"""A target that cannot run on this machine, and says why; and whether that is a failure."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.contract.target import Daemon
from scache.errors import UnavailableError

__all__ = ["AbsentTarget", "nothing_may_be_absent"]


def nothing_may_be_absent(environment: Mapping[str, str]) -> bool:
    """Whether what is missing here is a failure: SCACHE_REQUIRE_ALL, first called SCACHE_REQUIRE_POSTFIX."""
    return bool(environment.get("SCACHE_REQUIRE_ALL") or environment.get("SCACHE_REQUIRE_POSTFIX"))


class AbsentTarget:
    """Stands in the table where a target would stand, with the reason why it isn't there."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def unavailable(self) -> str | None:
        return self._reason

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:  # noqa: ARG002
        raise UnavailableError(f"{self.name}: {self._reason}")
