"""Where Postfix's programs are: this machine's own, and releases that were fetched and unpacked.

Everything in the bench that needs a Postfix asks here. Its programs are run, never its mail system.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from conformance.postfix.master import Command
from scache.errors import UnavailableError
from scache.protocol.dialect import announces

__all__ = [
    "ENVIRONMENT",
    "SEARCH_PATH",
    "Installation",
    "default_cache",
    "find_release",
    "installed_postfix",
    "launcher",
    "private_postfix",
    "read_manifest",
    "release_command",
    "write_manifest",
]

SEARCH_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/sbin:/bin"

ENVIRONMENT = {"PATH": SEARCH_PATH, "LANG": "C", "TZ": "UTC"}
"""The whole environment of every program that the lab starts: nothing leaks in from the caller's."""

_MANIFEST = "manifest.json"
_LIBRARY_PLACES = ("usr/lib/postfix", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*")


@dataclass(frozen=True, slots=True)
class Installation:
    """A Postfix release on this machine."""

    version: str
    daemon_directory: Path
    command_directory: Path
    mail_owner: str
    setgid_group: str

    @property
    def announces(self) -> bool:
        """Whether its scache(8) speaks first."""
        return announces(self.version)

    @property
    def scache(self) -> Command:
        """How to run its scache(8)."""
        return Command(self.daemon_directory / "scache")

    def settings(self) -> dict[str, str]:
        """main.cf parameters that go with this release."""
        return {
            "compatibility_level": "3.6" if self.announces else "2",
            "daemon_directory": str(self.daemon_directory),
            "command_directory": str(self.command_directory),
        }

    def command(self, name: str) -> str:
        """Absolute path of a command such as `postfix` or `smtp-source`."""
        return str(self.command_directory / name)


def installed_postfix() -> Installation:
    """Find the Postfix of this machine by its compiled-in defaults, without reading its configuration.

    Raises UnavailableError where there is none.
    """
    postconf = shutil.which("postconf", path=SEARCH_PATH)
    if postconf is None:
        raise UnavailableError("no Postfix is installed (no postconf command)")
    names = ("mail_version", "daemon_directory", "command_directory", "mail_owner", "setgid_group")
    answer = subprocess.run(
        [postconf, "-dh", *names], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=10
    )
    if answer.returncode != 0:
        raise UnavailableError(f"postconf fails: {answer.stderr.strip()}")
    version, daemons, commands, owner, group = answer.stdout.splitlines()
    return Installation(version, Path(daemons), Path(commands), owner, group)


def private_postfix() -> Installation:
    """This machine's Postfix, for a private mail system of the lab.

    Raises UnavailableError where there is none, it lacks a command, or the caller isn't root.
    """
    installation = installed_postfix()
    if os.geteuid() != 0:
        raise UnavailableError("a private Postfix can be started by root only")
    for needed in ("postfix", "smtp-source", "smtp-sink"):
        if not os.access(installation.command(needed), os.X_OK):
            raise UnavailableError(f"no command {needed} in {installation.command_directory}")
    return installation


def default_cache() -> Path:
    """Where releases are kept: $SCACHE_POSTFIX_CACHE, else a place in the user's cache folder (XDG)."""
    chosen = os.environ.get("SCACHE_POSTFIX_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "scache-conformance" / "postfix"


def find_release(series: str, cache: Path) -> tuple[str, Path] | None:
    """Version and root directory of the newest fetched release of a series such as 3.5."""
    wanted = series.split(".")
    found = []
    for folder in cache.iterdir() if cache.is_dir() else ():
        manifest = read_manifest(folder)
        if manifest is not None:
            version = _upstream(manifest["version"])
            if version[: len(wanted)] == wanted:
                found.append(([int(number) for number in version], folder))
    if not found:
        return None
    version_numbers, folder = max(found)
    return ".".join(map(str, version_numbers)), folder / "root"


def read_manifest(folder: Path) -> dict[str, str] | None:
    """Suite and version of the release that was unpacked in this folder; None where none is whole."""
    try:
        manifest: dict[str, str] = json.loads((folder / _MANIFEST).read_text())
    except FileNotFoundError:
        return None
    return manifest


def write_manifest(folder: Path, suite: str, version: str) -> None:
    """Say that the release in this folder is whole."""
    (folder / _MANIFEST).write_text(json.dumps({"suite": suite, "version": version}) + "\n")


def _upstream(version: str) -> list[str]:
    """The numbers of Postfix's own version in a Debian version (3.5.25-0+deb11u1)."""
    return version.split("-")[0].split("~")[0].split(".")


def release_command(root: Path) -> Command:
    """How to run an unpacked scache with its own loader and libraries. Raises UnavailableError."""
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
