"""Commands that set a parameter that somebody meant to set, where that does no harm."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from scache.admin.check.finding import Finding, Severity
from scache.admin.configuration import Configuration, Service, Setting

__all__ = ["ABOUT_CONNECTIONS", "Consequences", "put", "put_option"]

#: Names of parameters that have to do with connections.
ABOUT_CONNECTIONS = re.compile(r"cach|reuse|connection|tls|scache|conn_|_conn")
#: What would be wrong with the values of another configuration.
Consequences = Callable[[Configuration], Iterable[Finding]]
_WORST = (Severity.STOPS_MAIL, Severity.CACHE_OFF)


def put(
    configuration: Configuration, name: str, setting: Setting, service: str | None, consequences: Consequences
) -> list[str]:
    """Commands that set what was meant, with all that it needs; none where that would be fatal."""
    if service:
        entry = next(each for each in configuration.effective_services() if each.id == service)
        plain = replace(setting, value=setting.value.strip("'\""))
        return put_option(configuration, entry, name, plain, consequences)
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


def put_option(
    configuration: Configuration, service: Service, name: str, setting: Setting, consequences: Consequences
) -> list[str]:
    """Commands that set it for a service, unless that would stop mail, or switch the cache off."""
    mended = replace(service, overrides={**service.overrides, name: setting})
    others = [each for each in configuration.effective_services() if each.id != service.id]
    follow = consequences(replace(configuration, services=[*others, mended]))
    if any(each.subject == f"{service.id} -o {name}" and each.kind.severity in _WORST for each in follow):
        return []
    return configuration.own_commands(service.id, name, setting.value)
