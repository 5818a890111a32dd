"""Findings about values that refer to a parameter that isn't there, or have swallowed another one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.put import ABOUT_CONNECTIONS, Consequences, put
from scache.admin.configuration import Configuration, Setting

__all__ = ["KINDS", "find", "referred_to"]

_UNDEFINED = Kind(
    "undefined-reference",
    Severity.LESS_REUSE,
    "A value refers to a parameter that isn't there.",
    "postconf(1) warns of it: `$name` stands for nothing where `name` is neither set nor known; nothing "
    "in the log says so. A list that consists of it is empty.",
    "Write the name of the parameter that was meant, or set it.",
)
_SWALLOWED = Kind(
    "swallowed-line",
    Severity.LESS_REUSE,
    "A line that begins with white space goes on with the one before it.",
    "What was meant as a parameter of its own is a part of the value above, even with comments or empty "
    "lines between. Nobody warns of it.",
    "Take the white space away, or set both anew.",
)
KINDS = (_UNDEFINED, _SWALLOWED)

_UNDEFINED_WARNING = re.compile(r"undefined parameter: (\S+)")


def find(configuration: Configuration, consequences: Consequences) -> Iterator[Finding]:
    """The findings. consequences: what would be wrong with the values of another configuration."""
    for missing in _undefined_names(configuration):
        yield from _undefined(configuration, missing, consequences)
    yield from _swallowed(configuration, consequences)


def referred_to(configuration: Configuration) -> set[str | None]:
    """Parameters that references to nothing may have meant."""
    return {_close(configuration, missing) for missing in _undefined_names(configuration)}


def _undefined_names(configuration: Configuration) -> list[str]:
    return [match[1] for each in configuration.warnings if (match := _UNDEFINED_WARNING.search(each))]


def _close(configuration: Configuration, missing: str) -> str | None:
    """The parameter that a reference to nothing may have meant."""
    known = {**configuration.defaults, **configuration.settings}
    return next(iter(difflib.get_close_matches(missing, known, 1, 0.8)), None)


def _undefined(configuration: Configuration, missing: str, consequences: Consequences) -> Iterator[Finding]:
    reference = re.compile(rf"(\$[({{]?){re.escape(missing)}\b")
    close = _close(configuration, missing)
    said = f"${missing} stands for nothing" + (f"; did you mean ${close}?" if close else "")
    settings: list[tuple[str | None, Mapping[str, Setting]]] = [(None, configuration.settings)]
    settings += [(each.id, each.overrides) for each in configuration.effective_services()]
    for service, its in settings:
        for name, setting in its.items():
            if not (reference.search(setting.value) and ABOUT_CONNECTIONS.search(name)):
                continue
            cure = []
            if close:
                mended = replace(setting, value=reference.sub(rf"\g<1>{close}", setting.value))
                cure = put(configuration, name, mended, service, consequences)
            subject = f"{service} -o {name}" if service else name
            by_hand = [f"# write another name, or set {missing}"]
            yield _UNDEFINED.found(subject, setting.value, said, setting.place, cure or by_hand)


def _swallowed(configuration: Configuration, consequences: Consequences) -> Iterator[Finding]:
    """Settings of parameters about connections that stand in the value of another."""
    for name, setting in configuration.settings.items():
        inner = [
            match
            for match in re.finditer(r"\s([a-z][a-z0-9_]+)\s*=", setting.value)
            if match[1] in configuration.defaults and ABOUT_CONNECTIONS.search(f"{name} {match[1]}")
        ]
        cure = _apart(configuration, name, setting, inner, consequences)
        for match in inner:
            said = f"{match[1]} was to be a parameter of its own"
            by_hand = [f"# begin a line with {match[1]}, without white space before it"]
            yield _SWALLOWED.found(name, setting.value, said, setting.place, cure or by_hand)


def _apart(
    configuration: Configuration,
    name: str,
    setting: Setting,
    inner: list[re.Match[str]],
    consequences: Consequences,
) -> list[str]:
    """Commands that make parameters of their own of what a value has swallowed; none where one is one."""
    value = setting.value
    parts = [
        (match[1], value[match.end() : following].strip())
        for match, following in zip(inner, [*(each.start() for each in inner[1:]), len(value)], strict=False)
    ]
    puts = [put(configuration, each, replace(setting, value=its), None, consequences) for each, its in parts]
    if not all(puts) or any(each in configuration.settings for each, _its in parts):
        return []
    first = value[: inner[0].start()].strip() if inner else value
    return [configuration.postconf("-e", f"{name}={first}"), *(command for put in puts for command in put)]
