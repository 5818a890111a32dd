"""Packages of other Debian suites, fetched and unpacked without installing anything.

apt does the work (download, signatures, hashes), on sources, lists and caches of its own; the machine's
sources are only read, to find its mirror.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scache.errors import UnavailableError

__all__ = ["Mirror", "Suite", "find_mirror"]

_SOURCES = Path("/etc/apt/sources.list.d")
_ONE_LINE_SOURCES = Path("/etc/apt/sources.list")
_KEYRINGS = Path("/usr/share/keyrings")
#: Keyrings that hold the keys of old and new suites. A release's keyring package moves the keys of suites
#: that have ended from the first to the second.
_ARCHIVE_KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-removed-keys.gpg")
_TIME_LIMIT = 600  # seconds for one apt command


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where the machine gets Debian from: address and keyring of its configured stanza."""

    uri: str
    keyring: Path | None


def find_mirror() -> Mirror:
    """The mirror of the machine's own sources. Raises UnavailableError where it has none for Debian."""
    for file in sorted(_SOURCES.glob("*.sources")):
        for paragraph in file.read_text().split("\n\n"):
            fields = _fields(paragraph)
            if "deb" in fields.get("types", "").split() and "main" in fields.get("components", "").split():
                return Mirror(fields["uris"].split()[0], _keyring(fields.get("signed-by")))
    if _ONE_LINE_SOURCES.exists():
        for line in _ONE_LINE_SOURCES.read_text().splitlines():
            words = re.sub(r"\[.*?\]", "", line).split()
            if words[:1] == ["deb"] and "main" in words[3:]:
                return Mirror(words[1], None)
    raise UnavailableError(f"no Debian mirror in {_SOURCES} or {_ONE_LINE_SOURCES}")


def _fields(paragraph: str) -> dict[str, str]:
    fields = {}
    for line in paragraph.splitlines():
        name, colon, value = line.partition(":")
        if colon and not line.startswith(("#", " ", "\t")):
            fields[name.lower()] = value.strip()
    return fields


def _keyring(value: str | None) -> Path | None:
    return Path(value) if value and value.startswith("/") else None


class Suite:
    """One suite, with apt's files for it in `work`; others it builds on (backports) come with it."""

    def __init__(self, name: str, mirror: Mirror, work: Path) -> None:
        self.name = name
        self._work = work
        for directory in ("lists/partial", "cache/archives/partial", "download"):
            (work / directory).mkdir(parents=True, exist_ok=True)
        base = name.removesuffix("-backports")
        suites = name if base == name else f"{base} {name}"
        (work / "debian.sources").write_text(
            f"Types: deb\nURIs: {mirror.uri}\nSuites: {suites}\nComponents: main\n"
            f"Signed-By: {self._all_keys(mirror)}\n"
        )

    def _all_keys(self, mirror: Mirror) -> Path:
        """One keyring with the keys of current and of past releases, whatever suite the machine itself is."""
        keyrings = [_KEYRINGS / name for name in _ARCHIVE_KEYRINGS]
        if mirror.keyring is not None:
            keyrings.insert(0, mirror.keyring)
        together = self._work / "keys.gpg"
        together.write_bytes(b"".join(file.read_bytes() for file in keyrings if file.exists()))
        return together

    def update(self) -> None:
        """Fetch the package lists. Raises UnavailableError with apt's reason."""
        self._run("apt-get", "update", "--error-on=any")

    def version(self, package: str) -> str:
        """The newest version of a package in this suite. Raises UnavailableError where it has none."""
        for line in self._run("apt-cache", "madison", package).splitlines():
            _, version, source = (field.strip() for field in line.split("|"))
            if f" {self.name}/" in source:
                return version
        raise UnavailableError(f"no package {package} in {self.name}")

    def libraries(self, *packages: str) -> list[str]:
        """The library packages that these packages need, directly or through other libraries."""
        found: set[str] = set()
        new = set(packages)
        while new:
            found |= new
            output = self._run("apt-cache", "depends", "--important", *sorted(new))
            needed = {line.split()[-1] for line in output.splitlines() if "Depends: lib" in line}
            new = needed - found
        return sorted(found - set(packages))

    def unpack(self, packages: list[str], root: Path) -> None:
        """Download packages and unpack them under `root`. Raises UnavailableError with the reason."""
        download = self._work / "download"
        self._run("apt-get", "download", *packages, cwd=download)
        for file in sorted(download.glob("*.deb")):
            self._run("dpkg-deb", "--extract", str(file), str(root))
        shutil.rmtree(download)

    def _run(self, program: str, *arguments: str, cwd: Path | None = None) -> str:
        configuration = {
            "Dir::Etc::sourcelist": str(self._work / "debian.sources"),
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": str(self._work / "lists"),
            "Dir::State::status": "/dev/null",
            "Dir::Cache": str(self._work / "cache"),
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            # A suite that has ended is signed, but its lists are no longer renewed.
            "Acquire::Check-Valid-Until": "false",
        }
        words = [program]
        if program != "dpkg-deb":
            words += [f"-o{name}={value}" for name, value in configuration.items()]
        try:
            done = subprocess.run(
                [*words, *arguments],
                cwd=cwd,
                capture_output=True,
                text=True,
                timeout=_TIME_LIMIT,
                check=False,
            )
        except FileNotFoundError:
            raise UnavailableError(f"no command {program} on this machine") from None
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"{program} {arguments[0]} took more than {_TIME_LIMIT} s") from None
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg-deb:"))]
            reason = (lines or done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[0]
            raise UnavailableError(f"{program} {arguments[0]}: {reason.removeprefix('E: ')}")
        return done.stdout
