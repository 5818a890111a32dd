"""Findings about values that a program dies of when it starts: by type and bounds, as Postfix checks them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.meanings import meanings
from scache.admin.check.tls_use import reuse_cure
from scache.admin.configuration import Configuration, Effective, Service, Setting
from scache.admin.parameters import PARAMETERS, TLS_LEVELS, Parameter
from scache.admin.reading import words
from scache.errors import ConfigurationError

__all__ = ["KINDS", "fatal_value", "find"]

_ANYONE = Kind(
    "value-ends-every-program",
    Severity.STOPS_MAIL,
    "A value ends every Postfix program when it starts.",
    "The parameter is read by all programs, and its value is none that its type allows. Nothing starts; "
    "what runs already goes on "
    "until its next start, and then all mail stops.",
    "Set it to a value of its type, or take it out of main.cf: then it has its default.",
)
_AGENT = Kind(
    "value-ends-the-agent",
    Severity.STOPS_MAIL,
    "A value ends the delivery agent when it starts.",
    "smtp(8) or lmtp(8) logs `fatal:` and ends with each start; master(8) says `bad command startup -- "
    "throttling`. All mail of that "
    "transport stays in the queue. A time limit of 0 doesn't switch caching off: it is below the smallest "
    "value.",
    "Set it to a value of its type, or take it out of main.cf. To switch caching off, set "
    "`smtp_connection_cache_on_demand = no` and leave "
    "`smtp_connection_cache_destinations` empty.",
)
_CACHE = Kind(
    "value-ends-the-cache",
    Severity.CACHE_OFF,
    "A value ends scache(8) when it starts.",
    "scache(8) ends with each start. Each delivery agent waits for it, logs `problem talking to service "
    "private/scache` and, after some "
    "25 seconds, `disabling connection caching`: mail is late, and no connection is reused.",
    "Set it to a value of its type, or take it out of main.cf.",
)
_TLS = Kind(
    "value-ends-tlsproxy",
    Severity.STOPS_MAIL,
    "A value ends tlsproxy(8) or tlsmgr(8) when it starts.",
    "Without tlsproxy(8) no TLS session can be begun for a connection that is to be reused: mail is "
    "deferred with `4.7.5 Cannot start TLS`, or "
    "goes out in clear text at the retry where TLS is optional. Without tlsmgr(8) there is no TLS at all.",
    "Set it to a value of its type, or take it out of main.cf.",
)
_QUEUE = Kind(
    "value-ends-the-queue-manager",
    Severity.STOPS_MAIL,
    "A value ends the queue manager.",
    "qmgr(8) ends when it starts, or, with a parameter of one transport, as soon as there is mail for it. "
    "All mail stays in the queue. A time is a whole number with one unit: `0.5s` is none, and `500ms` is 500 "
    "minutes.",
    "Set it to a value of its type, or take it out of main.cf.",
)
KINDS = (_ANYONE, _AGENT, _CACHE, _TLS, _QUEUE)

_NO_MINIMUM = -(2**31)
_BY_PROGRAM = {
    "all": _ANYONE,
    "smtp": _AGENT,
    "lmtp": _AGENT,
    "scache": _CACHE,
    "tlsproxy": _TLS,
    "tlsmgr": _TLS,
    "qmgr": _QUEUE,
}
#: What qmgr(8) reads for each transport: the rest of the name -> the parameter that counts otherwise.
_OF_TRANSPORTS = {
    "destination_rate_delay": "default_destination_rate_delay",
    "transport_rate_delay": "default_transport_rate_delay",
    "destination_concurrency_limit": "default_destination_concurrency_limit",
    "destination_recipient_limit": "default_destination_recipient_limit",
    "initial_destination_concurrency": "initial_destination_concurrency",
}
#: Texts that every program expands, and that may be empty.
_EXPANDED = (
    *("mydestination", "relayhost", "myorigin", "mynetworks", "inet_interfaces", "proxy_interfaces"),
    *("myhostname", "mydomain"),
)
#: Values that are checked against a list of words: name without prefix -> words, and what the agent says.
_WORDS = {
    "tls_security_level": (("", *TLS_LEVELS), 'Invalid TLS level "{value}"'),
    "dns_support_level": (("", "disabled", "enabled", "dnssec"), 'invalid {name}: "{value}"'),
    "address_preference": (("ipv4", "ipv6", "any"), "bad {name} value: {value}"),
}
_CLIENT_LOGINS = ("cyrus",)  # what xsasl_client.c has
_LISTS_OF_WORDS = {"host_lookup": (("dns", "native"), 'unknown {name} value "{word}" in "{value}"')}


def find(configuration: Configuration, runs_tls_programs: frozenset[str]) -> Iterator[Finding]:
    """The findings. runs_tls_programs: which of tlsproxy and tlsmgr something needs."""
    seen = set()
    for program, service in _programs(configuration, runs_tls_programs):
        effective = Effective(configuration, service)
        for name, error in _faults(program, effective):
            key = name, service.id if service and effective.is_own(name) else ""
            if key not in seen:
                seen.add(key)
                yield _finding(configuration, program, service, effective, name, error)


def _programs(
    configuration: Configuration, runs_tls_programs: frozenset[str]
) -> Iterator[tuple[str, Service | None]]:
    """Which programs read the configuration, and as which services."""
    yield "all", None
    yield "qmgr", None
    for service in configuration.agents:
        assert service.agent is not None
        yield "all", service
        yield service.agent, service
    programs = {"scache": ("scache", "scache-python"), "tlsproxy": ("tlsproxy",), "tlsmgr": ("tlsmgr",)}
    for program in ("scache", *sorted(runs_tls_programs)):
        running: list[Service | None] = [
            each for each in configuration.effective_services() if each.program in programs[program]
        ]
        yield from ((program, each) for each in running or [None])


def _parameters(program: str, effective: Effective) -> Iterator[Parameter]:
    """What the program reads, with the queue manager's parameters of single transports."""
    yield from (parameter for parameter in PARAMETERS if parameter.program == program)
    if program == "qmgr":
        by_name = {parameter.name: parameter for parameter in PARAMETERS if parameter.program == program}
        for name in effective.names():
            for rest, default in _OF_TRANSPORTS.items():
                if name.endswith(f"_{rest}") and name not in by_name:
                    yield replace(by_name[default], name=name)


def _faults(program: str, effective: Effective) -> Iterator[tuple[str, str]]:
    """Name of a parameter, and the text that the program ends with."""
    for parameter in _parameters(program, effective):
        if effective.setting(parameter.name) is not None:
            error = fatal_value(parameter, effective)
            if error is not None:
                yield parameter.name, error
    yield from _unexpandable(program, effective)
    if program == "all":
        value = effective.text("inet_protocols")
        wrong = [word for word in words(value, ", \t\r\n") if word not in ("all", "ipv4", "ipv6")]
        if wrong:
            yield "inet_protocols", f'unknown inet_protocols value "{wrong[0]}" in "{value}"'
    if program in ("smtp", "lmtp"):
        login, maps = f"{program}_sasl_auth_enable", f"{program}_sasl_password_maps"
        if effective.is_yes(login) and not effective.text(maps):
            yield login, f"specify a password table via the `{maps}' configuration parameter"
        sasl = f"{program}_sasl_type"
        if effective.is_yes(login) and effective.text(sasl) not in _CLIENT_LOGINS:
            yield sasl, "SASL library initialization"
        for name in (f"{program}_bind_address", f"{program}_bind_address6"):
            value = effective.text(name)
            if value and not _is_address(value.strip("[]")):
                yield name, f"smtp_connect_addr: bad {name} parameter: {value}: Name or service not known"
        for short in (*_WORDS, *_LISTS_OF_WORDS):
            name = f"{program}_{short}"
            error = _fault_of_words(short, name, effective)
            if error is not None:
                yield name, error


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.lower().removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


def _unexpandable(program: str, effective: Effective) -> Iterator[tuple[str, str]]:
    """Texts and lists that the program can't expand, whatever their length."""
    checked = {parameter.name for parameter in PARAMETERS}
    for name in effective.names():
        if name not in checked and (
            name.startswith(f"{program}_") or (program == "all" and name in _EXPANDED)
        ):
            try:
                effective.values.text(name, "", 0)
            except ConfigurationError as fault:
                yield name, str(fault)


def fatal_value(parameter: Parameter, effective: Effective) -> str | None:
    """What the program says of the value when it ends; None for a good one."""
    values, name = effective.values, parameter.name
    try:
        if parameter.kind == "bool":
            values.choice(name, parameter.default)
        elif parameter.kind == "text":
            text = values.text(name, parameter.default, parameter.minimum)
            if 0 < parameter.maximum < len(text):
                return f"bad string length {len(text)} > {parameter.maximum}: {name} = {text}"
        elif parameter.kind == "time":
            seconds = values.time(name, parameter.default, parameter.minimum)
            if 0 < parameter.maximum < seconds:
                return f"invalid {name}: {seconds} (max {parameter.maximum})"
        else:
            # A smallest value of 0 is none for Postfix (mail_conf_int.c): it takes what is below, too.
            number = values.number(name, parameter.default, parameter.minimum or _NO_MINIMUM)
            if 0 < parameter.maximum < number:
                return f"invalid {name} parameter value {number} > {parameter.maximum}"
    except ConfigurationError as error:
        return str(error)
    return None


def _fault_of_words(short: str, name: str, effective: Effective) -> str | None:
    value = effective.text(name)
    if short in _WORDS:
        allowed, text = _WORDS[short]
        return None if value.lower() in allowed else text.format(name=name, value=value)
    allowed, text = _LISTS_OF_WORDS[short]
    wrong = [word for word in value.replace(",", " ").split() if word.lower() not in allowed]
    return text.format(name=name, value=value, word=wrong[0]) if wrong else None


def _finding(
    configuration: Configuration,
    program: str,
    service: Service | None,
    effective: Effective,
    name: str,
    error: str,
) -> Finding:
    setting = effective.setting(name)
    shown = setting.value if setting else ""
    who = f"{service.id if service else program}"
    if service is None and program in ("all", "qmgr"):
        who = {"all": "every program", "qmgr": "qmgr(8)"}[program]
    own = service is not None and effective.is_own(name)
    better = _better(configuration, program, service, name, shown)
    if better is not None and service is not None:
        cure = configuration.set_commands(service, effective, name, better)
        reuse = f"{service.agent}_tls_connection_reuse"
        if name.endswith("_tls_security_level") and better != "none" and not effective.is_yes(reuse):
            cure += reuse_cure(configuration, service, effective)
    elif better is not None:
        cure = [configuration.postconf("-e", f"{name}={better}")]
    elif own:
        assert service is not None
        cure = [configuration.postconf("-PX", f"{service.id}/{name}")]
    else:
        cure = [configuration.postconf("-X", name)]
    subject = f"{service.id} -o {name}" if own and service else name
    said = f"ends {who} with `fatal: {error}`"
    return _BY_PROGRAM[program].found(subject, shown, said, effective.place(name), cure)


def _better(
    configuration: Configuration, program: str, service: Service | None, name: str, value: str
) -> str | None:
    """The value that was meant, where one can tell; None where the default has to do."""
    for meant in meanings(name, value):
        setting = Setting(meant, None)
        if service is not None and name in service.overrides:
            mended = Effective(
                configuration, replace(service, overrides={**service.overrides, name: setting})
            )
        else:
            settings = {**configuration.settings, name: setting}
            mended = Effective(replace(configuration, settings=settings), service)
        if name not in dict(_faults(program, mended)):
            return meant
    return None
