"""Findings about what `scache install` has done, and what is in its way: install refuses by the same ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scache.admin.check import syntax
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.services import cache_demand, in_the_way
from scache.admin.configuration import Configuration, Service

__all__ = [
    "IMMUTABLE",
    "KINDS",
    "MOUNTED",
    "PROGRAM_NAME",
    "READ_ONLY",
    "Installed",
    "find",
    "mounts",
    "obstacles",
]

PROGRAM_NAME = "scache-python"

_PUT_BACK = Kind(
    "installed-entry-put-back",
    Severity.INSTALLATION,
    "scache was installed, and master.cf has the old entry again.",
    "A configuration tool, or a container's start script, has written master.cf anew; or `scache install` or "
    "`scache uninstall` was killed. Postfix's own scache(8) runs, from the next reload on at the latest; the "
    "record of the installation is still there.",
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
_NOT_RELOADED = Kind(
    "installed-not-reloaded",
    Severity.INSTALLATION,
    "scache was installed, but Postfix may not know yet.",
    "`scache install` was killed before it had Postfix reloaded. Until the next reload the program runs that "
    "ran before.",
    "Install again, which reloads.",
)
_FOREIGN = Kind(
    "installed-program-foreign",
    Severity.INSTALLATION,
    "A file named scache-python in daemon_directory is not this program.",
    "`scache install` and `scache uninstall` leave it alone.",
    "Move it away.",
)
MOUNTED = Kind(
    "mounted-file",
    Severity.NOTE,
    "A file that would have to be changed is mounted into its directory.",
    "A file that is a mount point can't be replaced: neither by `scache install` nor by postconf(1), which "
    "then say `Device or resource busy`. Containers are often like that. `scache install` puts the program "
    "there all the same where the entry in a mounted master.cf runs scache-python already.",
    "Change the file that is mounted, on the outside, or mount the whole directory.",
)
IMMUTABLE = Kind(
    "immutable-file",
    Severity.NOTE,
    "A file or directory that would have to be changed has a flag that forbids it.",
    "With the flag `i` or `a` of chattr(1) not even root can replace it: `Operation not permitted`.",
    "Take the flag away, for the time of the change.",
)
READ_ONLY = Kind(
    "read-only-directory",
    Severity.NOTE,
    "A directory that would have to be changed is on a read-only file system.",
    "Neither `scache install` nor postconf(1) can write there. Images of systems and ConfigMaps are like "
    "that. `scache install` needs the configuration directory no more where master.cf's entry runs "
    "scache-python already; `scache zipapp` makes the program anywhere (contrib/nixos).",
    "Change what is mounted, where it is made.",
)
KINDS = (_PUT_BACK, _NO_RECORD, _NOT_RELOADED, _FOREIGN, MOUNTED, IMMUTABLE, READ_ONLY)


@dataclass(frozen=True)
class Installed:
    """What of an installation is there."""

    has_record: bool
    is_settled: bool
    """Whether no reload is owed, as far as the record says."""
    program: str
    is_foreign: bool
    """A file of the program's name is there, and isn't the program."""
    fixed: Mapping[str, Kind]
    """The files and directories that can't be changed, and what keeps them."""

    def is_kept(self, directory: str) -> bool:
        """Whether the entry in a config_directory can't be changed from here."""
        return not self.fixed.keys().isdisjoint((directory, f"{directory}/master.cf"))


def find(configuration: Configuration, installed: Installed) -> Iterator[Finding]:
    """The findings."""
    where = "" if configuration.is_default else f" --config-directory {configuration.directory}"
    service = _cache(configuration)
    if installed.is_foreign:  # the first to be cured: nothing is installed over it
        cure = f"mv {installed.program} {installed.program}.other"
        yield _FOREIGN.found(installed.program, "", "is not this program", None, [cure])
    runs = service.program if service is not None else ""
    has_record = installed.has_record or installed.is_kept(configuration.directory)  # or needs none
    if service is not None and runs == PROGRAM_NAME and not has_record:
        said = f"runs {PROGRAM_NAME}, but there is no record of the installation"
        yield _NO_RECORD.found(service.id, "", said, service.place, [f"scache install{where}"])
    if service is not None and runs == PROGRAM_NAME and not installed.is_settled:
        said = f"runs {PROGRAM_NAME}, but `scache install` didn't come to the reload"
        yield _NOT_RELOADED.found(service.id, "", said, service.place, [f"scache install{where}"])
    if service is not None and runs == "scache" and installed.has_record:
        said = f"runs scache, though {PROGRAM_NAME} was installed: master.cf has the old entry again"
        yield _PUT_BACK.found(service.id, "", said, service.place, [f"scache install{where}"])
    for path, kind in installed.fixed.items():
        said, cure = _FIXED[kind.id]
        yield kind.found(path, "", said, None, [cure.format(shlex.quote(path))])


_FIXED = {
    MOUNTED.id: ("is a mount point, and can't be replaced", "# change what is mounted at {}, on the outside"),
    IMMUTABLE.id: ("has a flag that forbids to change it", "chattr -ia {}"),
    READ_ONLY.id: ("is on a read-only file system", "# change what is mounted at {}, where it is made"),
}


def _cache(configuration: Configuration) -> Service | None:
    return configuration.service(configuration.cache_service)


def obstacles(configuration: Configuration, installed: Installed, files: Files) -> list[Finding]:
    """What an installation can't go on with."""
    entry = in_the_way(configuration, cache_demand(configuration), files)
    return [
        *syntax.find(configuration),
        *(finding for finding in entry if not finding.kind.id.endswith("-program-missing")),
        *(finding for finding in find(configuration, installed) if finding.kind is _FOREIGN),
    ]


def mounts(mountinfo: str) -> frozenset[str]:
    """The mount points, of the text of /proc/self/mountinfo (proc(5))."""
    points = (line.split()[4] for line in mountinfo.splitlines() if len(line.split()) > 4)
    return frozenset(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), each) for each in points)
