"""Findings about times that Postfix reads otherwise than they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.parameters import PARAMETERS
from scache.config.values import seconds

__all__ = ["KINDS", "find"]

_UNIT = Kind(
    "time-read-otherwise",
    Severity.LESS_REUSE,
    "A time is read otherwise than it was meant.",
    "A time is a whole number with one letter behind it, `s`, `m`, `h`, `d` or `w`; what stands behind the "
    "letter counts for nothing, and nobody warns of it: `500ms` is 500 minutes, `1m30s` is 1 minute, and "
    "`1month` is 1 minute, too.",
    "Give a number of seconds.",
)
KINDS = (_UNIT,)

_WORDS = {
    "s": ("seconds", "(ecs?|econds?)?"),
    "m": ("minutes", "(ins?|inutes?)?"),
    "h": ("hours", "(rs?|ours?)?"),
    "d": ("days", "(ays?)?"),
    "w": ("weeks", "(ks?|eeks?)?"),
}
_TIME = re.compile(r"(\d+)([smhdw])(.*)", re.DOTALL)
_PART = re.compile(r"\d+[smhdw]")
_NAMES = {parameter.name for parameter in PARAMETERS if parameter.kind == "time"}
_SECONDS_OF_MONTH = 30 * 86400


def find(configuration: Configuration) -> Iterator[Finding]:
    """The findings, of main.cf and of `-o` options."""
    main = configuration.main()
    for name in configuration.settings:
        yield from _of(configuration, None, main, name)
    for service in configuration.effective_services():
        if service.agent or service.overrides:
            effective = Effective(configuration, service)
            for name in service.overrides:
                yield from _of(configuration, service, effective, name)


def _of(
    configuration: Configuration, service: Service | None, effective: Effective, name: str
) -> Iterator[Finding]:
    if name not in _NAMES and not name.endswith("_rate_delay"):
        return
    text = effective.text(name)
    match = _TIME.fullmatch(text)
    if match is None or re.fullmatch(_WORDS[match[2]][1], match[3].strip()):
        return
    said = f"is read as {match[1]} {_WORDS[match[2]][0]}"
    meant = _meant(text, match)
    if meant is None:
        cure = [f"# give {name} in seconds"]
    elif service is not None:
        cure = configuration.own_commands(service.id, name, f"{meant}s")
    else:
        cure = [configuration.postconf("-e", f"{name}={meant}s")]
    yield _UNIT.found(*effective.subject_and_value(name), said, effective.place(name), cure)


def _meant(text: str, match: re.Match[str]) -> int | None:
    """The seconds that were meant, 1 at least; None where one can't tell."""
    number, rest = int(match[1]), match[3].lower()
    if match[2] == "m" and re.match("s|illi", rest):
        return max(1, number // 1000)
    if match[2] == "m" and rest.startswith("on"):
        return number * _SECONDS_OF_MONTH
    parts = _PART.findall(text)
    return sum(seconds(part) or 0 for part in parts) if "".join(parts) == text else None
