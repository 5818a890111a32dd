"""Findings about names: parameters that no program reads, because they are misspelt or abolished."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.put import ABOUT_CONNECTIONS, Consequences, put, put_option
from scache.admin.check.references import referred_to
from scache.admin.configuration import Configuration, Service, Setting
from scache.admin.parameters import DEFAULTS
from scache.config.parameters import BY_NAME

__all__ = ["KINDS", "OF_TRANSPORT", "find", "find_twice"]

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
_TWICE = Kind(
    "set-twice",
    Severity.NOTE,
    "A parameter is set more than once.",
    "The last setting counts; `postconf` warns of it (`overriding earlier entry`).",
    "Leave one: with the value that counts now, unless the earlier one was meant.",
)
KINDS = (_UNUSED, _MISSPELT, _TWICE)

_TWICE_WARNING = re.compile(r"\S+, line \d+: overriding earlier entry: ([^=\s]+)=(.*)")
#: Parameters of single transports: name of the service, and what it is.
OF_TRANSPORT = re.compile(
    r"(.+)_((?:destination|transport)_rate_delay|(?:initial_)?destination_concurrency\w*|"
    r"destination_recipient_limit|delivery_slot_\w+|recipient_\w*limit)"
)
_WARNING = re.compile(r"(?P<file>\S+): unused parameter: (?P<name>[^=\s]+)=(?P<value>.*)")
#: Parameters of old releases, and what took their place.
_ABOLISHED = {
    "smtp_connection_cache_reuse_limit": "smtp_connection_reuse_count_limit",
    "lmtp_connection_cache_reuse_limit": "lmtp_connection_reuse_count_limit",
    "smtp_connection_reuse_limit": "smtp_connection_reuse_count_limit",
    "lmtp_connection_reuse_limit": "lmtp_connection_reuse_count_limit",
    "smtp_cache_connection": "smtp_connection_cache_on_demand",
    "lmtp_cache_connection": "lmtp_connection_cache_on_demand",
    "smtp_connection_cache_ttl_limit": "connection_cache_ttl_limit",
    "lmtp_connection_cache_ttl_limit": "connection_cache_ttl_limit",
    "scache_ttl_limit": "connection_cache_ttl_limit",
}


def find(configuration: Configuration, consequences: Consequences) -> Iterator[Finding]:
    """The findings, of main.cf and of `-o` options.

    consequences: what would be wrong with the values of another configuration.
    """
    referred = referred_to(configuration)
    for name, setting, service in _unused(configuration):
        meant = _meant(name, configuration)
        if name in BY_NAME and _runs_ours(configuration):
            continue  # this project's own, which postconf(1) can't know
        if _is_of_missing(name, configuration):
            continue  # which counts again as soon as its service is there
        if name in referred:
            continue  # as soon as the reference is mended
        subject = f"{service} -o {name}" if service else name
        drop = (
            configuration.postconf("-PX", f"{service}/{name}")
            if service
            else configuration.postconf("-X", name)
        )
        owner = None if service else _owner(name, configuration)
        if owner is not None:
            own = name.replace(owner.name, owner.agent or "", 1)
            said = f"no program reads it; a transport's own value is an option of {owner.id} in master.cf"
            cure = [drop, *put_option(configuration, owner, own, setting, consequences)]
            yield _MISSPELT.found(subject, setting.value, said, setting.place, cure)
            continue
        if meant is None:
            said = "no program reads it"
            if match := OF_TRANSPORT.fullmatch(name):
                said += f"; master.cf has no service {match[1]}"
            yield _UNUSED.found(subject, setting.value, said, setting.place, [drop])
            continue
        kind = _MISSPELT if ABOUT_CONNECTIONS.search(meant) else _UNUSED
        said = f"no program reads it; did you mean {meant}?"
        puts = kind is _MISSPELT and (service or meant not in configuration.settings)
        cure = [drop, *(put(configuration, meant, setting, service, consequences) if puts else ())]
        yield kind.found(subject, setting.value, said, setting.place, cure)


def find_twice(configuration: Configuration) -> Iterator[Finding]:
    """Parameters that are set more than once, of which postconf(1) warns."""
    for warning in configuration.warnings:
        if match := _TWICE_WARNING.match(warning):
            name, old = match.groups()
            setting = configuration.settings.get(name)
            if setting is not None and setting.value != old:
                said = f"overrides an earlier {name} = {old} in the same file"
                cure = [
                    configuration.postconf("-X", name),
                    configuration.postconf("-e", f"{name}={setting.value}"),
                ]
                yield _TWICE.found(name, setting.value, said, setting.place, cure)


def _owner(name: str, configuration: Configuration) -> Service | None:
    """The delivery agent whose own value it was meant to be: `relay_connection_...` for relay/unix."""
    return next(
        (
            each
            for each in configuration.agents
            if name.startswith(f"{each.name}_")
            and f"{each.agent}_{name[len(each.name) + 1 :]}" in configuration.defaults
        ),
        None,
    )


def _is_of_missing(name: str, configuration: Configuration) -> bool:
    """Whether it is a transport's that is asked for, or a comment, and is found missing as such."""
    match = OF_TRANSPORT.fullmatch(name)
    if match is None:
        return False
    asked = re.compile(rf"(^|[\s={{]){re.escape(match[1])}(:|$)")
    values = (setting.value for setting in configuration.settings.values())
    return any(map(asked.search, values)) or any(
        each.name == match[1] for each in configuration.commented_out
    )


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
            match = _WARNING.match(warning)
            if match is None:
                continue
            name = match["name"]
            if match["file"].endswith("master.cf"):
                yield from (each for each in overridden if each[0] == name)
            elif name in configuration.settings:
                yield name, configuration.settings[name], None
    elif configuration.table_types is None:  # no postconf(1) to ask
        values = " ".join(setting.value for setting in configuration.settings.values())
        known = {*configuration.defaults, *BY_NAME, *DEFAULTS}
        for name, setting in configuration.settings.items():
            referred = re.search(rf"\$[({{]?{re.escape(name)}\b", values)
            if (
                name not in known
                and not referred
                and ABOUT_CONNECTIONS.search(name)
                and _meant(name, configuration)
            ):
                yield name, setting, None


def _meant(given: str, configuration: Configuration) -> str | None:
    name = given.lower().replace("-", "_")
    if name in _ABOLISHED:
        return _ABOLISHED[name]
    if match := OF_TRANSPORT.fullmatch(given):  # the rest of the name is right, and says nothing
        transports = [each.name for each in configuration.effective_services() if each.is_transport]
        close = difflib.get_close_matches(match[1], transports, 1, 0.7)
        return f"{close[0]}_{match[2]}" if close else None
    close = difflib.get_close_matches(name, configuration.defaults, 1, 0.85)
    return close[0] if close else None
