"""Findings about values that a program dies of when it starts: by type and bounds, as Postfix checks them."""

from __future__ import annotations

from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.parameters import PARAMETERS, TLS_LEVELS, Parameter
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
KINDS = (_ANYONE, _AGENT, _CACHE, _TLS)

_NO_MINIMUM = -(2**31)
_BY_PROGRAM = {
    "all": _ANYONE,
    "smtp": _AGENT,
    "lmtp": _AGENT,
    "scache": _CACHE,
    "tlsproxy": _TLS,
    "tlsmgr": _TLS,
}
#: Values that are checked against a list of words: name without prefix -> words, and what the agent says.
_WORDS = {
    "tls_security_level": (("", *TLS_LEVELS), 'Invalid TLS level "{value}"'),
    "dns_support_level": (("", "disabled", "enabled", "dnssec"), 'invalid {name}: "{value}"'),
    "address_preference": (("ipv4", "ipv6", "any"), "bad {name} value: {value}"),
}
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
    for service in configuration.agents:
        assert service.agent is not None
        yield "all", service
        yield service.agent, service
    services = configuration.effective_services()
    yield from (("scache", each) for each in services if each.program in ("scache", "scache-python"))
    for program in sorted(runs_tls_programs):
        yield from ((program, each) for each in services if each.program == program)
    if configuration.services is None:
        yield from ((program, None) for program in ("scache", *sorted(runs_tls_programs)))


def _faults(program: str, effective: Effective) -> Iterator[tuple[str, str]]:
    """Name of a parameter, and the text that the program ends with."""
    for parameter in PARAMETERS:
        if parameter.program == program and effective.setting(parameter.name) is not None:
            error = fatal_value(parameter, effective)
            if error is not None:
                yield parameter.name, error
    if program in ("smtp", "lmtp"):
        login, maps = f"{program}_sasl_auth_enable", f"{program}_sasl_password_maps"
        if effective.is_yes(login) and not effective.text(maps):
            yield login, f"specify a password table via the `{maps}' configuration parameter"
        for short in (*_WORDS, *_LISTS_OF_WORDS):
            name = f"{program}_{short}"
            error = _fault_of_words(short, name, effective)
            if error is not None:
                yield name, error


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
    who = "every program" if program == "all" and service is None else f"{service.id if service else program}"
    if service is not None and effective.is_own(name):
        subject, cure = f"{service.id} -o {name}", configuration.postconf("-PX", f"{service.id}/{name}")
    else:
        subject, cure = name, configuration.postconf("-X", name)
    return _BY_PROGRAM[program].found(
        subject, shown, f"ends {who} with `fatal: {error}`", effective.place(name), [cure]
    )
