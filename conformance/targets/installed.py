"""Targets whose build is known: this machine's Postfix, fetched releases, and this project's own daemon."""

from __future__ import annotations

import pwd
from pathlib import Path

from conformance.contract.found import Found, as_release
from conformance.contract.target import Target
from conformance.postfix.installations import find_release, installed_postfix, release_command
from conformance.postfix.master import own_daemon
from conformance.targets.absent import AbsentTarget
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UnavailableError
from scache.protocol.dialect import POSTFIX_3_6

__all__ = ["live", "postfix", "release"]


def postfix() -> Target:
    """The target `postfix`: the scache of the Postfix that postconf(1) belongs to."""
    try:
        installation = installed_postfix()
    except UnavailableError as error:
        return AbsentTarget("postfix", str(error))
    return SpawnedTarget("postfix", installation.scache, as_release(installation.version))


def release(name: str, cache: Path) -> Target:
    """The target of a fetched release ("postfix-3.5"): the newest of those that begin so."""
    found = find_release(name.removeprefix("postfix-"), cache)
    if found is None:
        return AbsentTarget(name, "not fetched (python -m conformance postfix fetch)")
    version, root = found
    try:
        pwd.getpwnam("postfix")
        return SpawnedTarget(name, release_command(root), as_release(version))
    except KeyError:
        return AbsentTarget(name, "this machine has no user `postfix`")
    except UnavailableError as error:
        return AbsentTarget(name, str(error))


def live() -> Target:
    """The target `live`: this project's daemon, a process of its own, with a clock that the bench moves."""
    command = own_daemon("conformance.postfix.clocked_daemon")
    return SpawnedTarget("live", command, Found(POSTFIX_3_6), ours=True)
