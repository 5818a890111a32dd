"""Starting a daemon that speaks the dialect which a case is about."""

from __future__ import annotations

from conformance.catalogue.language.model import Case
from conformance.contract.target import Daemon, Target
from scache.errors import UnavailableError
from scache.protocol.dialect import Dialect

__all__ = ["start"]


def start(case: Case, target: Target) -> Daemon:
    """A daemon that speaks the case's dialect: as it is, else told to. Raises UnavailableError."""
    daemon = target.start(case.options)
    wanted = _selecting(case.dialect or Dialect(announcement=daemon.dialect.announcement))
    if _selecting(daemon.dialect) == wanted:
        return daemon
    daemon.stop()
    daemon = target.start({**case.options, **wanted})
    if _selecting(daemon.dialect) != wanted:
        daemon.stop()
        raise UnavailableError("it can't be told to speak another dialect")
    return daemon


def _selecting(dialect: Dialect) -> dict[str, str]:
    """The parameters that make this project's daemon speak a dialect."""
    switches = {
        "scache_announce": dialect.announcement,
        "scache_write_wait": dialect.write_wait,
        "scache_read_wait": dialect.read_wait,
    }
    return {name: "yes" if on else "no" for name, on in switches.items()}
