"""Other Postfix releases as targets: Debian's packages of other suites, unpacked into a cache folder.

Nothing is installed. Each release brings its own loader, C library, libraries and libfaketime, so it runs
whatever the machine itself is. `fetch` fills the folder (`python -m conformance postfix fetch`), `fetched`
lists it.

`release_target(name, cache)` is the target `postfix-3.5` (or `postfix-3.5.25`) of what was fetched.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.contract.target import Target
from conformance.postfix.master import Command
from conformance.postfix.packages import Suite, find_mirror
from conformance.targets.absent import AbsentTarget
from conformance.targets.installed import dialect_of
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UnavailableError

__all__ = [
    "SUITES",
    "Fetched",
    "default_cache",
    "fetch",
    "fetched",
    "find_release",
    "launcher",
    "release_target",
]

#: The suites that hold releases other than Debian 12's own 3.7, oldest first.
SUITES = ("bullseye", "bookworm-backports", "trixie", "sid")

_MANIFEST = "manifest.json"
_SUITE_NAME = re.compile(r"[a-z]+(-[a-z]+)*")
_LIBRARY_PLACES = ("usr/lib/postfix", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one suite: the release that is now in the cache, or why it isn't."""

    suite: str
    version: str | None
    problem: str | None = None

    def __str__(self) -> str:
        return f"{self.suite}: {self.problem}" if self.problem else f"{self.suite}: postfix {self.version}"


def default_cache() -> Path:
    """Where releases are kept: $SCACHE_POSTFIX_CACHE, else a place in the user's cache folder (XDG)."""
    chosen = os.environ.get("SCACHE_POSTFIX_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "scache-conformance" / "postfix"


def fetched(cache: Path) -> list[Fetched]:
    """What is in the cache, by suite."""
    manifests = [_manifest(folder) for folder in sorted(cache.iterdir())] if cache.is_dir() else []
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
        known = _manifest(cache / suite)
        if known is not None:
            report.append(Fetched(suite, known["version"]))
            continue
        say(f"{suite}: downloading")
        try:
            report.append(Fetched(suite, _fetch_one(suite, cache)))
        except (UnavailableError, OSError) as error:
            report.append(Fetched(suite, None, str(error)))
    return report


def release_target(name: str, cache: Path) -> Target:
    """The target of a fetched release: of those that the name's version begins, the newest."""
    found = find_release(name.removeprefix("postfix-"), cache)
    if found is None:
        return AbsentTarget(name, "not fetched (python -m conformance postfix fetch)")
    return _target(name, *found)


def find_release(series: str, cache: Path) -> tuple[str, Path] | None:
    """Version and root directory of the newest fetched release of a series such as 3.5."""
    wanted = series.split(".")
    found = []
    for folder in cache.iterdir() if cache.is_dir() else ():
        manifest = _manifest(folder)
        if manifest is not None:
            version = _upstream(manifest["version"])
            if version[: len(wanted)] == wanted:
                found.append(([int(number) for number in version], folder))
    if not found:
        return None
    version_numbers, folder = max(found)
    return ".".join(map(str, version_numbers)), folder / "root"


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
        _command(root)
        (work / "release" / _MANIFEST).write_text(
            json.dumps({"suite": suite_name, "version": version}) + "\n"
        )
        (work / "release").rename(cache / suite_name)
    finally:
        shutil.rmtree(work)
    return version


def _manifest(folder: Path) -> dict[str, str] | None:
    try:
        manifest: dict[str, str] = json.loads((folder / _MANIFEST).read_text())
    except FileNotFoundError:
        return None
    return manifest


def _upstream(version: str) -> list[str]:
    """The numbers of Postfix's own version in a Debian version (3.5.25-0+deb11u1)."""
    return version.split("-")[0].split("~")[0].split(".")


def _target(name: str, version: str, root: Path) -> Target:
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return AbsentTarget(name, "this machine has no user `postfix`")
    try:
        return SpawnedTarget(name, _command(root), dialect_of(version))
    except UnavailableError as error:
        return AbsentTarget(name, str(error))


def _command(root: Path) -> Command:
    """How to run an unpacked scache with its own loader and libraries."""
    program = root / "usr/lib/postfix/sbin/scache"
    words = launcher(root)
    clock = _first(root, "usr/lib/*/faketime/libfaketime.so.1")
    if not program.exists():
        raise UnavailableError(f"no {program}")
    return Command(Path(words[0]), (*words, str(program)), clock)


def launcher(root: Path) -> tuple[str, ...]:
    """The words that go before a program of an unpacked release: its own loader, with its own libraries."""
    loader = _first(
        root,
        "lib*/ld-linux*.so.*",
        "usr/lib*/ld-linux*.so.*",
        "lib/*/ld-linux*.so.*",
        "usr/lib/*/ld-linux*.so.*",
    )
    libraries = [str(place) for pattern in _LIBRARY_PLACES for place in sorted(root.glob(pattern))]
    return (str(loader), "--library-path", ":".join(libraries))


def _first(root: Path, *patterns: str) -> Path:
    for pattern in patterns:
        # A link out of the tree (an absolute one) would be the machine's own file.
        for path in sorted(root.glob(pattern)):
            if path.resolve().is_relative_to(root.resolve()):
                return path.resolve()
    raise UnavailableError(f"no {patterns[-1]} under {root}")
