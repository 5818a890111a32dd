"""All findings: their kinds, and what there is of them in a configuration."""

from __future__ import annotations

from dataclasses import replace

from scache.admin.check import (
    destinations,
    installation,
    log,
    maps,
    names,
    options,
    references,
    reuse,
    roles,
    services,
    syntax,
    tls,
    units,
    values,
)
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.installation import Installed
from scache.admin.check.log import Syslog
from scache.admin.check.mended import mended
from scache.admin.check.tls_use import tls_programs
from scache.admin.configuration import Configuration

__all__ = ["FAMILIES", "KINDS", "findings"]

#: Heading on the page -> the kinds of a family.
FAMILIES: dict[str, tuple[Kind, ...]] = {
    "Services on the way": roles.KINDS,
    "Lines that can't be read": syntax.KINDS,
    "Values that a program dies of": values.KINDS,
    "Destinations": destinations.KINDS,
    "TLS": tls.KINDS,
    "Time and limits": (*units.KINDS, *reuse.KINDS),
    "Tables": maps.KINDS,
    "Names": (*names.KINDS, *references.KINDS, *options.KINDS),
    "Log": log.KINDS,
    "Installation": installation.KINDS,
}
KINDS = {kind.id: kind for kinds in FAMILIES.values() for kind in kinds}
_ORDER = list(Severity)
#: How often it is looked for what other mistakes have hidden.
_ROUNDS = 3


def _of_values(configuration: Configuration) -> list[Finding]:
    return [*values.find(configuration, frozenset()), *reuse.find(configuration)]


def findings(
    configuration: Configuration,
    files: Files,
    syslog: Syslog | None = None,
    installed: Installed | None = None,
) -> list[Finding]:
    """What is wrong, the worst first; then what shows only once that is mended, in its turn.

    syslog, installed: what is known of the machine, None where it isn't the configuration's.
    """
    found = _found(configuration, files, syslog, installed)
    known, last = _cures(found), found
    for _ in range(_ROUNDS):
        commands = dict.fromkeys(command for finding in last for command in finding.cure)
        configuration = mended(configuration, commands)
        last = [
            replace(finding, said=f"{finding.said}, once the rest is mended")
            for finding in _found(configuration, files, syslog, installed)
            if _what(finding) not in known or not known[_what(finding)].issuperset(finding.cure)
        ]
        if not last:
            break
        found += last
        known = _cures(found)
    return found


def _what(finding: Finding) -> tuple[str, str, str]:
    return finding.kind.id, finding.subject, finding.value


def _cures(findings: list[Finding]) -> dict[tuple[str, str, str], set[str]]:
    """What is to be done about each thing that is wrong; another round may have more of it."""
    cures: dict[tuple[str, str, str], set[str]] = {}
    for finding in findings:
        cures.setdefault(_what(finding), set()).update(finding.cure)
    return cures


def _found(
    configuration: Configuration, files: Files, syslog: Syslog | None, installed: Installed | None
) -> list[Finding]:
    lines = list(syntax.find(configuration))
    configuration = syntax.as_meant(configuration)
    programs = tls_programs(configuration, files)
    unreadable = list(syntax.find_options(configuration))
    times = list(units.find(configuration))
    as_meant = mended(configuration, [command for finding in times for command in finding.cure])
    misread = tuple(f"{finding.subject} -o " for finding in unreadable)
    found = [
        *lines,
        *unreadable,
        *services.find(configuration, programs, files),
        *values.find(configuration, programs),
        *destinations.find(configuration, files),
        *tls.find(configuration, files),
        *times,
        *reuse.find(as_meant),
        *maps.find(configuration, files),
        *names.find(configuration, _of_values),
        *names.find_twice(configuration),
        *references.find(configuration, _of_values),
        *options.find(configuration, _of_values),
        *log.find(configuration, syslog),
        *(installation.find(configuration, installed) if installed else ()),
    ]
    found = [finding for finding in found if not finding.subject.startswith(misread)]
    return sorted(found, key=lambda finding: _ORDER.index(finding.kind.severity))
