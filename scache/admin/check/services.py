"""Findings about the services on a connection's way: there, enabled, once, and as their programs demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scache.admin.check.configuration import Configuration, Effective, Place, Service
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.reading import words
from scache.admin.check.tables import entries

__all__ = ["CACHE_PROGRAMS", "KINDS", "Demand", "cache_demand", "demands", "find", "in_the_way"]

CACHE_PROGRAMS = ("scache", "scache-python")
_DEFAULT_LIMIT = "-"


@dataclass(frozen=True)
class _Role:
    """A part in the delivery that a service of master.cf plays."""

    name: str
    severity: Severity
    programs: tuple[str, ...]
    type: str
    private: bool
    process_limit: str | None
    """What the program demands; None for any."""
    without: str
    """What happens without it."""


_CACHE = _Role(
    "cache",
    Severity.CACHE_OFF,
    CACHE_PROGRAMS,
    "unix",
    True,
    "1",
    "Delivery agents find no cache: each loses time over it, logs `problem talking to service "
    "private/scache` and then `disabling connection "
    "caching`. No connection is reused. Where the program is there but ends at each start, that takes some "
    "25 seconds for each agent.",
)
_TLSPROXY = _Role(
    "tlsproxy",
    Severity.STOPS_MAIL,
    ("tlsproxy",),
    "unix",
    True,
    "0",
    "With `smtp_tls_connection_reuse = yes` each TLS session is begun by tlsproxy(8). Without it, mail is "
    "deferred (`connect to private/tlsproxy "
    "service: No such file or directory`, `4.7.5 Cannot start TLS`): for good where TLS is demanded; where "
    "it is optional, the second try goes out in clear text.",
)
_TLSMGR = _Role(
    "tlsmgr",
    Severity.STOPS_MAIL,
    ("tlsmgr",),
    "unix",
    True,
    "1",
    "tlsmgr(8) gives the programs that talk TLS their randomness and their session keys. Without it they "
    "disable TLS: mail that demands it is deferred.",
)
_POSTLOG = _Role(
    "postlog",
    Severity.NO_LOG,
    ("postlogd",),
    "unix-dgram",
    False,
    "1",
    "With `maillog_file` set all programs log through postlogd(8). Without it nothing is logged, and "
    "`postfix start` refuses to start.",
)
_AGENT = _Role(
    "agent",
    Severity.STOPS_MAIL,
    ("smtp", "lmtp"),
    "unix",
    True,
    None,
    "The queue manager hands mail to the delivery agent at `private/NAME`. Without it all mail of that "
    "transport is deferred.",
)
_ROLES = (_CACHE, _TLSPROXY, _TLSMGR, _POSTLOG, _AGENT)
_NAMES = {
    "cache": "the connection cache",
    "tlsproxy": "tlsproxy(8)",
    "tlsmgr": "tlsmgr(8)",
    "postlog": "postlogd(8)",
    "agent": "a delivery agent",
}
#: What can be wrong with a service: title, and the cure in general.
_FAULTS = {
    "missing": (
        "{} is needed, but master.cf has no such service.",
        "Add the entry, or name another service.",
    ),
    "commented-out": ("{} is needed, but its entry is a comment.", "Take the # away."),
    "twice": ("{} has more than one entry.", "Keep one; master(8) uses the last, and warns."),
    "type": ("{} is a service of the wrong type.", "Give the entry its type back."),
    "private": (
        "{} has the wrong private flag, so that its socket isn't where it is looked for.",
        "Set the flag.",
    ),
    "process-limit": ("{} has a process limit that its program refuses.", "Set the limit."),
    "program": ("The entry for {} runs another program.", "Have it run the program that belongs there."),
    "program-missing": (
        "The program of {} is not in daemon_directory.",
        "Install it, or name the right one.",
    ),
}


def _kind(role: _Role, fault: str) -> Kind:
    title, cure = _FAULTS[fault]
    severity = Severity.NOTE if fault == "twice" else role.severity
    if role is _POSTLOG and fault in ("missing", "commented-out", "type"):
        severity = Severity.STOPS_MAIL  # postfix-script(1) refuses to start
    text = title.format(_NAMES[role.name])
    return Kind(f"{role.name}-{fault}", severity, text[0].upper() + text[1:], role.without, cure)


_KINDS = {
    (role.name, fault): _kind(role, fault)
    for role in _ROLES
    for fault in _FAULTS
    if role is not _AGENT or fault not in ("process-limit", "program")  # which are free there
}
KINDS = tuple(_KINDS.values())


@dataclass(frozen=True)
class Demand:
    """A service that something asks for."""

    role: _Role
    name: str
    parameter: str
    """What names it; empty where nothing does."""
    place: Place | None
    agent: Service | None = None
    """The delivery agent that asks for it under a name of its own."""


def cache_demand(configuration: Configuration) -> Demand:
    """The cache as agents without a name of their own for it ask for it: the one to install into."""
    main, parameter = configuration.main(), "connection_cache_service_name"
    return Demand(_CACHE, main.text(parameter), parameter, main.place(parameter))


def demands(configuration: Configuration, tls_programs: frozenset[str], files: Files) -> list[Demand]:
    """Which services have to be there. tls_programs: which of tlsproxy and tlsmgr something needs."""
    found: dict[tuple[str, str], Demand] = {}

    def add(role: _Role, effective: Effective, parameter: str, service: Service | None = None) -> None:
        name = effective.text(parameter)
        agent = service if service and effective.is_own(parameter) else None
        found.setdefault((role.name, name), Demand(role, name, parameter, effective.place(parameter), agent))

    for service in configuration.agents:
        effective = Effective(configuration, service)
        add(_CACHE, effective, "connection_cache_service_name", service)
        if "tlsproxy" in tls_programs:
            add(_TLSPROXY, effective, "tlsproxy_service_name", service)
    main = configuration.main()
    if "tlsmgr" in tls_programs:
        found["tlsmgr", "tlsmgr"] = Demand(_TLSMGR, "tlsmgr", "tlsmgr_service_name", None)
    if main.text("maillog_file"):
        add(_POSTLOG, main, "postlog_service_name")
    for parameter in ("default_transport", "relay_transport", "virtual_transport", "local_transport"):
        name = main.text(parameter).partition(":")[0]
        is_meant = main.setting(parameter) is not None or parameter == "default_transport"
        if is_meant and name and configuration.service(name) is None:
            found.setdefault(("agent", name), Demand(_AGENT, name, parameter, main.place(parameter)))
    for table in words(main.text("transport_maps"), ", \t"):
        for result in (entries(table, files) or {}).values():
            name = result.partition(":")[0]
            if name and configuration.service(name) is None:
                demand = Demand(_AGENT, name, "transport_maps", main.place("transport_maps"))
                found.setdefault(("agent", name), demand)
    for service in configuration.agents:
        found.setdefault(("agent", service.name), Demand(_AGENT, service.name, "", None))
    return list(found.values())


def find(configuration: Configuration, tls_programs: frozenset[str], files: Files) -> Iterator[Finding]:
    """The findings; none where master.cf isn't known."""
    if configuration.services is None:
        return
    for demand in demands(configuration, tls_programs, files):
        yield from in_the_way(configuration, demand, files)


def in_the_way(configuration: Configuration, demand: Demand, files: Files) -> Iterator[Finding]:
    """What is wrong with the entry of one service that is needed."""
    services = configuration.services or ()
    named = [service for service in services if service.name == demand.name and service.type != "inet"]
    service = next((each for each in reversed(named) if each.type == demand.role.type), None)
    if service is None:
        yield _missing(configuration, demand, named)
        return
    check = _Entry(configuration, demand, service)
    if [each.type for each in named].count(service.type) > 1:
        lines = ", ".join(str(each.place.line) for each in named if each.type == service.type)
        yield check.fault("twice", f"has several entries (lines {lines}); the last one counts", _once(check))
    if demand.role.name != "agent" and service.program not in demand.role.programs:
        yield check.fault("program", f"runs {service.program}", check.set("command", demand.role.programs[0]))
    if (service.private != "n") != demand.role.private:
        wanted = "y" if demand.role.private else "n"
        yield check.fault("private", f"has the private flag {service.private}", check.set("private", wanted))
    limit = demand.role.process_limit
    if (
        limit is not None
        and service.process_limit != limit
        and not _default_is(configuration, service, limit)
    ):
        said = f"has a process limit of {service.process_limit}, but {service.program} requires {limit}"
        yield check.fault("process-limit", said, check.set("process_limit", limit))
    yield from check.program(files)


def _default_is(configuration: Configuration, service: Service, limit: str) -> bool:
    default = configuration.main().text("default_process_limit")
    return service.process_limit == _DEFAULT_LIMIT and default == limit


class _Entry:
    """The entry of a service that is needed."""

    def __init__(self, configuration: Configuration, demand: Demand, service: Service) -> None:
        self.configuration = configuration
        self.demand = demand
        self.service = service

    def fault(self, fault: str, said: str, cure: Sequence[str]) -> Finding:
        """A finding about it."""
        kind = _KINDS[self.demand.role.name, fault]
        return kind.found(self.service.id, "", said, self.service.place, cure)

    def set(self, field: str, value: str) -> list[str]:
        """The command that changes a field."""
        return [self.configuration.postconf("-F", f"{self.service.id}/{field}={value}")]

    def program(self, files: Files) -> Iterator[Finding]:
        """Whether the program is there."""
        directory = self.configuration.main().text("daemon_directory")
        path = f"{directory}/{self.service.program}"
        if files.is_directory(directory) and files.is_missing(path):
            cure = (
                "scache install"
                if self.service.program == "scache-python"
                else f"# put the program at {path}, or name another one in master.cf"
            )
            if cure == "scache install" and not self.configuration.is_default:
                cure += f" --config-directory {self.configuration.directory}"
            yield self.fault("program-missing", f"{path} is not there", [cure])


def _once(entry: _Entry) -> list[str]:
    """Commands that leave the one entry that counts: postconf -MX takes all away."""
    service, configuration = entry.service, entry.configuration
    entry_text = " ".join([service.fields(), *service.options])
    return [
        configuration.postconf("-MX", service.id),
        configuration.postconf("-M", f"{service.id}={entry_text}"),
    ]


def _missing(configuration: Configuration, demand: Demand, named: list[Service]) -> Finding:
    role = demand.role
    wanted = f"{demand.name}/{role.type}"
    subject = demand.parameter or wanted
    value = demand.name if demand.parameter else ""
    if named:
        cure = [
            configuration.postconf("-MX", named[-1].id),
            configuration.postconf("-M", f"{wanted}={named[-1].fields(type=role.type)}"),
        ]
        said = f"is of the type {named[-1].type}, but {role.type} is needed"
        return _KINDS[role.name, "type"].found(named[-1].id, "", said, named[-1].place, cure)
    comment = next((each for each in reversed(configuration.commented_out) if each.id == wanted), None)
    if comment is not None:
        entry = " ".join([comment.fields(), *comment.options])
        cure = [configuration.postconf("-M", f"{wanted}={entry}")]
        said = f"its entry in master.cf is a comment ({comment.place})"
        return _KINDS[role.name, "commented-out"].found(subject, value, said, comment.place, cure)
    said = f"master.cf has no service {wanted}"
    return _KINDS[role.name, "missing"].found(
        subject, value, said, demand.place, _cure_of_missing(configuration, demand)
    )


def _cure_of_missing(configuration: Configuration, demand: Demand) -> list[str]:
    role = demand.role
    there = [
        service.name for service in configuration.effective_services() if service.program in role.programs
    ]
    default = {"cache": "scache", "tlsproxy": "tlsproxy", "postlog": "postlog"}.get(role.name)
    if demand.agent is not None:
        return [configuration.postconf("-PX", f"{demand.agent.id}/{demand.parameter}")]
    if there and demand.parameter and demand.place is not None and role.name != "agent":
        if default in there:
            return [configuration.postconf("-X", demand.parameter)]
        return [configuration.postconf("-e", f"{demand.parameter}={there[0]}")]
    private = "-" if role.private else "n"
    program = role.programs[0] if role.name != "agent" else _agent_program(demand.name)
    entry = f"{demand.name} {role.type} {private} - n - {role.process_limit or '-'} {program}"
    return [configuration.postconf("-M", f"{demand.name}/{role.type}={entry}")]


def _agent_program(name: str) -> str:
    return {
        "lmtp": "lmtp",
        "local": "local",
        "virtual": "virtual",
        "error": "error",
        "discard": "discard",
    }.get(name, "smtp")
