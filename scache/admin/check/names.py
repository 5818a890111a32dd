"""Findings about names: parameters that no program reads, because they are misspelt or abolished."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Setting
from scache.config.parameters import BY_NAME

__all__ = ["KINDS", "find"]

_UNUSED = Kind(
    "unused-parameter",
    Severity.NOTE,
    "A parameter is read by nobody.",
    "postconf(1) warns of it: no program of this release reads a parameter of this name, and no other "
    "value refers to it.",
    "Take it out.",
)
_MISSPELT = Kind(
    "misspelt-parameter",
    Severity.LESS_REUSE,
    "A parameter about connections is misspelt or abolished, so its default counts.",
    "No program of this release reads a parameter of this name; what was meant to be set has its default.",
    "Set the one that was meant, and take this one out.",
)
KINDS = (_UNUSED, _MISSPELT)

_WARNING = re.compile(r"(?P<file>\S+): unused parameter: (?P<name>[^=\s]+)=(?P<value>.*)")
_ABOUT_CONNECTIONS = re.compile(r"cach|reuse|connection|tls|scache|conn_|_conn")
#: Parameters of old releases, and what took their place.
_ABOLISHED = {
    "smtp_connection_cache_reuse_limit": "smtp_connection_reuse_count_limit",
    "lmtp_connection_cache_reuse_limit": "lmtp_connection_reuse_count_limit",
    "lmtp_cache_connection": "lmtp_connection_cache_on_demand",
    "smtp_connection_cache_ttl_limit": "connection_cache_ttl_limit",
    "lmtp_connection_cache_ttl_limit": "connection_cache_ttl_limit",
}


Consequences = Callable[[Configuration], Iterable[Finding]]


def find(configuration: Configuration, consequences: Consequences) -> Iterator[Finding]:
    """The findings, of main.cf and of `-o` options.

    consequences: what would be wrong with the values of another configuration.
    """
    for name, setting, service in _unused(configuration):
        meant = _meant(name, configuration)
        if name in BY_NAME and _runs_ours(configuration):
            continue  # this project's own, which postconf(1) can't know
        subject = f"{service} -o {name}" if service else name
        drop = (
            configuration.postconf("-PX", f"{service}/{name}")
            if service
            else configuration.postconf("-X", name)
        )
        if meant is None:
            yield _UNUSED.found(subject, setting.value, "no program reads it", setting.place, [drop])
            continue
        kind = _MISSPELT if _ABOUT_CONNECTIONS.search(meant) else _UNUSED
        said = f"no program reads it; did you mean {meant}?"
        put = _put(configuration, meant, setting, service, consequences) if kind is _MISSPELT else []
        yield kind.found(subject, setting.value, said, setting.place, [drop, *put])


def _put(
    configuration: Configuration, name: str, setting: Setting, service: str | None, consequences: Consequences
) -> list[str]:
    """Commands that set what was meant, with all that it needs; none where that is set, or would be fatal."""
    if service:
        return configuration.own_commands(service, name, setting.value.strip("'\""))
    if name in configuration.settings:
        return []
    mended = replace(configuration, settings={**configuration.settings, name: setting})
    follow = [
        finding
        for finding in consequences(mended)
        if finding.subject == name or any(f" {name}=" in command for command in finding.cure)
    ]
    if any(finding.kind.severity is Severity.STOPS_MAIL for finding in follow):
        return []
    commands = [command for finding in follow for command in finding.cure]
    return [configuration.postconf("-e", f"{name}={setting.value}"), *commands]


def _runs_ours(configuration: Configuration) -> bool:
    return any(service.program == "scache-python" for service in configuration.services or ())


def _unused(configuration: Configuration) -> Iterator[tuple[str, Setting, str | None]]:
    """Name, setting and the service that has it from `-o`, of each parameter that nobody reads."""
    overridden = [
        (name, setting, service.id)
        for service in configuration.effective_services()
        for name, setting in service.overrides.items()
    ]
    if configuration.warnings:
        for warning in configuration.warnings:
            match = _WARNING.search(warning)
            if match is None:
                continue
            name = match["name"]
            if match["file"].endswith("master.cf"):
                yield from (each for each in overridden if each[0] == name)
            elif name in configuration.settings:
                yield name, configuration.settings[name], None
    elif configuration.table_types is None:  # no postconf(1) to ask
        values = " ".join(setting.value for setting in configuration.settings.values())
        known = {*configuration.defaults, *BY_NAME}
        for name, setting in configuration.settings.items():
            referred = re.search(rf"\$[({{]?{re.escape(name)}\b", values)
            if (
                name not in known
                and not referred
                and _ABOUT_CONNECTIONS.search(name)
                and _meant(name, configuration)
            ):
                yield name, setting, None


def _meant(name: str, configuration: Configuration) -> str | None:
    if name in _ABOLISHED:
        return _ABOLISHED[name]
    close = difflib.get_close_matches(name, configuration.defaults, 1, 0.85)
    return close[0] if close else None
