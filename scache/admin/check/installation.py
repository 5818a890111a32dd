"""Findings about what `scache install` has done, and what is in its way: install refuses by the same ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scache.admin.check import syntax
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.services import cache_demand, in_the_way
from scache.admin.configuration import Configuration, Service

__all__ = ["KINDS", "PROGRAM_NAME", "Installed", "find", "mounts", "obstacles"]

PROGRAM_NAME = "scache-python"

_PUT_BACK = Kind(
    "installed-entry-put-back",
    Severity.INSTALLATION,
    "scache was installed, and something has put the old entry of master.cf back.",
    "A configuration tool, or a container's start script, has written master.cf anew. Postfix's own "
    "scache(8) runs; the record of the "
    "installation and the program are still there.",
    "Install again, or uninstall; both go on from there. Have the tool do it: contrib has snippets.",
)
_NO_RECORD = Kind(
    "installed-without-record",
    Severity.INSTALLATION,
    "The entry runs scache-python, but nothing says what it was before.",
    "The record of the installation is missing, as where scache was uninstalled and a tool has then "
    "restored master.cf. All works as "
    "long as the program is there; `scache uninstall` makes it an entry for Postfix's scache.",
    "Install again, which makes a record, or uninstall.",
)
_FOREIGN = Kind(
    "installed-program-foreign",
    Severity.INSTALLATION,
    "A file named scache-python in daemon_directory is not this program.",
    "`scache install` and `scache uninstall` leave it alone.",
    "Move it away.",
)
_MOUNTED = Kind(
    "mounted-file",
    Severity.NOTE,
    "master.cf or main.cf is mounted into its directory.",
    "A file that is a mount point can't be replaced: neither by `scache install` nor by postconf(1), which "
    "then say `Device or resource busy`. "
    "Containers are often like that.",
    "Change the file that is mounted, on the outside, or mount the whole directory.",
)
KINDS = (_PUT_BACK, _NO_RECORD, _FOREIGN, _MOUNTED)


@dataclass(frozen=True)
class Installed:
    """What of an installation is there."""

    has_record: bool
    program: str
    is_foreign: bool
    """A file of the program's name is there, and isn't the program."""
    mounts: frozenset[str]
    """Mount points of this machine."""


def find(configuration: Configuration, installed: Installed) -> Iterator[Finding]:
    """The findings."""
    where = "" if configuration.is_default else f" --config-directory {configuration.directory}"
    service = _cache(configuration)
    if installed.is_foreign:  # the first to be cured: nothing is installed over it
        cure = f"mv {installed.program} {installed.program}.other"
        yield _FOREIGN.found(installed.program, "", "is not this program", None, [cure])
    if service is not None and service.program == PROGRAM_NAME and not installed.has_record:
        said = f"runs {PROGRAM_NAME}, but there is no record of the installation"
        yield _NO_RECORD.found(service.id, "", said, service.place, [f"scache install{where}"])
    if service is not None and service.program == "scache" and installed.has_record:
        said = f"runs scache, though {PROGRAM_NAME} was installed; master.cf was put back"
        yield _PUT_BACK.found(service.id, "", said, service.place, [f"scache install{where}"])
    for name in ("main.cf", "master.cf"):
        path = f"{configuration.directory}/{name}"
        if path in installed.mounts:
            yield _MOUNTED.found(path, "", "is a mount point, and can't be replaced", None, [_outside(path)])


def _outside(path: str) -> str:
    return f"# change the file that is mounted at {path}, where it comes from"


def _cache(configuration: Configuration) -> Service | None:
    return configuration.service(configuration.cache_service)


def obstacles(configuration: Configuration, installed: Installed, files: Files) -> list[Finding]:
    """What an installation can't go on with."""
    entry = in_the_way(configuration, cache_demand(configuration), files)
    return [
        *syntax.find(configuration),
        *(finding for finding in entry if not finding.kind.id.endswith("-program-missing")),
        *(finding for finding in find(configuration, installed) if _is_in_the_way(finding)),
    ]


def _is_in_the_way(finding: Finding) -> bool:
    mounted = finding.kind is _MOUNTED and finding.subject.endswith("/master.cf")
    return mounted or finding.kind is _FOREIGN


def mounts(mountinfo: str) -> frozenset[str]:
    """The mount points, of the text of /proc/self/mountinfo (proc(5))."""
    points = (line.split()[4] for line in mountinfo.splitlines() if len(line.split()) > 4)
    return frozenset(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), each) for each in points)
