"""The Postfix that is installed on this machine, and this project's own daemon, as targets."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from conformance.contract.target import Target
from conformance.postfix.master import Command, own_daemon
from conformance.targets.absent import AbsentTarget
from conformance.targets.spawned import SpawnedTarget
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6, Dialect

__all__ = ["dialect_of", "installed_postfix", "live"]

_FIRST_TO_ANNOUNCE = (3, 6)


def dialect_of(version: str) -> Dialect:
    """The dialect of a Postfix release ("3.7.11"): from 3.6 on the server speaks first."""
    major, minor = version.split(".")[:2]
    return POSTFIX_3_6 if (int(major), int(minor)) >= _FIRST_TO_ANNOUNCE else POSTFIX_2


def installed_postfix() -> Target:
    """The target `postfix`: the scache of the Postfix that postconf(1) belongs to."""
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if postconf is None:
        return AbsentTarget("postfix", "no Postfix is installed (no postconf command)")
    words = subprocess.run(
        [postconf, "-h", "daemon_directory", "mail_version"], capture_output=True, text=True, check=False
    )
    if words.returncode != 0:
        return AbsentTarget("postfix", f"postconf fails: {words.stderr.strip().splitlines()[-1]}")
    daemon_directory, version = words.stdout.split()
    return SpawnedTarget("postfix", Command(Path(daemon_directory, "scache")), dialect_of(version))


def live() -> Target:
    """The target `live`: this project's daemon, a process of its own, with a clock that the bench moves."""
    return SpawnedTarget("live", own_daemon("conformance.postfix.clocked_daemon"), POSTFIX_3_6, ours=True)
