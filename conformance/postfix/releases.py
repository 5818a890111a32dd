"""Fetching other Postfix releases: Debian's packages of other suites, unpacked into a cache folder.

Nothing is installed. Each release brings its own loader, C library, libraries and libfaketime, so it runs
whatever the machine itself is. `fetch` fills the folder (`python -m conformance postfix fetch`), `fetched`
lists it; conformance/postfix/installations.py finds what is there.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.postfix.installations import read_manifest, release_command, write_manifest
from conformance.postfix.packages import Suite, find_mirror
from scache.errors import UnavailableError

__all__ = ["SUITES", "Fetched", "fetch", "fetched"]

#: The suites that hold releases other than Debian 12's own 3.7, oldest first.
SUITES = ("bullseye", "bookworm-backports", "trixie", "sid")

_SUITE_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one suite: the release that is now in the cache, or why it isn't."""

    suite: str
    version: str | None
    problem: str | None = None

    def __str__(self) -> str:
        return f"{self.suite}: {self.problem}" if self.problem else f"{self.suite}: postfix {self.version}"


def fetched(cache: Path) -> list[Fetched]:
    """What is in the cache, by suite."""
    manifests = [read_manifest(folder) for folder in sorted(cache.iterdir())] if cache.is_dir() else []
    return [Fetched(found["suite"], found["version"]) for found in manifests if found is not None]


def fetch(suites: Sequence[str], cache: Path, say: Callable[[str], None] = lambda _: None) -> list[Fetched]:
    """Get Postfix of these Debian suites into the cache; what is there already stays as it is.

    say: takes a line before each suite that has to be downloaded. Needs apt and the network of the machine's
    own Debian mirror. A suite that can't be had is reported, and the others go on.
    """
    report = []
    for suite in suites:
        if not _SUITE_NAME.fullmatch(suite):
            report.append(Fetched(suite, None, "not the name of a Debian suite"))
            continue
        known = read_manifest(cache / suite)
        if known is not None:
            report.append(Fetched(suite, known["version"]))
            continue
        say(f"{suite}: downloading")
        try:
            report.append(Fetched(suite, _fetch_one(suite, cache)))
        except (UnavailableError, OSError) as error:
            report.append(Fetched(suite, None, str(error)))
    return report


def _fetch_one(suite_name: str, cache: Path) -> str:
    cache.mkdir(parents=True, exist_ok=True)
    # Unpacked beside its place and moved there whole, so that what has a manifest is complete.
    work = Path(tempfile.mkdtemp(prefix=f".{suite_name}-", dir=cache))
    try:
        suite = Suite(suite_name, find_mirror(), work / "apt")
        suite.update()
        version = suite.version("postfix")
        root = work / "release" / "root"
        root.mkdir(parents=True)
        packages = ["postfix", "libfaketime"]
        suite.unpack(sorted({*packages, *suite.libraries(*packages)}), root)
        release_command(root)
        write_manifest(work / "release", suite_name, version)
        (work / "release").rename(cache / suite_name)
    finally:
        shutil.rmtree(work)
    return version
