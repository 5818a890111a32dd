"""Findings about the services on a connection's way: there, enabled, once, and as their programs demand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding
from scache.admin.check.maps import tables_of
from scache.admin.check.roles import AGENT, BY_FAULT, CACHE, POSTLOG, PROXYMAP, TLSMGR, TLSPROXY, Role
from scache.admin.check.tables import entries
from scache.admin.configuration import Configuration, Effective, Place, Service
from scache.admin.reading import words

__all__ = ["Demand", "cache_demand", "demands", "find", "in_the_way", "transports"]

_DEFAULT_LIMIT = "-"
#: Parameters that name a transport, and what has it asked for where it isn't set itself.
_CLASSES = {
    "default_transport": (),
    "relay_transport": ("relay_domains",),
    "virtual_transport": ("virtual_mailbox_domains",),
    "local_transport": (),
    "mailbox_transport": (),
    "fallback_transport": (),
    "content_filter": (),
}
#: Parameters whose tables name transports.
_TABLES = ("transport_maps", "sender_dependent_default_transport_maps")
#: Those of which nobody asks where transport_maps has an answer for every recipient.
_OVERRIDDEN = ("default_transport", "relay_transport", "virtual_transport", "local_transport")
#: Programs of transports whose name says what they are.
_PROGRAMS = {
    "relay": "smtp",
    **{name: name for name in ("smtp", "lmtp", "local", "virtual", "error", "discard")},
}


@dataclass(frozen=True)
class Demand:
    """A service that something asks for."""

    role: Role
    name: str
    parameter: str
    """What names it; empty where nothing does."""
    place: Place | None
    agent: Service | None = None
    """The delivery agent that asks for it under a name of its own."""
    next_hop: str = ""
    """Where mail is sent through it, for a transport."""


def cache_demand(configuration: Configuration) -> Demand:
    """The cache as agents without a name of their own for it ask for it: the one to install into."""
    main, parameter = configuration.main(), "connection_cache_service_name"
    return Demand(CACHE, main.text(parameter), parameter, main.place(parameter))


def demands(configuration: Configuration, tls_programs: frozenset[str], files: Files) -> list[Demand]:
    """Which services have to be there. tls_programs: which of tlsproxy and tlsmgr something needs."""
    found: dict[tuple[str, str], Demand] = {}

    def add(role: Role, effective: Effective, parameter: str, service: Service | None = None) -> None:
        name = effective.text(parameter)
        agent = service if service and effective.is_own(parameter) else None
        found.setdefault((role.name, name), Demand(role, name, parameter, effective.place(parameter), agent))

    for service in configuration.agents:
        effective = Effective(configuration, service)
        add(CACHE, effective, "connection_cache_service_name", service)
        if "tlsproxy" in tls_programs:
            add(TLSPROXY, effective, "tlsproxy_service_name", service)
        if "tlsmgr" in tls_programs:
            add(TLSMGR, effective, "tlsmgr_service_name", service)
    for effective, name in tables_of(configuration):
        if any(re.match("!*proxy:", table) for table in words(effective.text(name), ", \t\r\n")):
            add(PROXYMAP, effective, "proxymap_service_name", effective.service)
    main = configuration.main()
    if main.text("maillog_file"):
        add(POSTLOG, main, "postlog_service_name")
    for parameter, value in transports(main, files):
        name, _colon, hop = value.partition(":")
        entry = configuration.service(name)
        if name and (entry is None or configuration.switched_off_by(entry) is not None):
            demand = Demand(AGENT, name, parameter, main.place(parameter), next_hop=hop)
            found.setdefault(("agent", name), demand)
    for service in configuration.agents:
        found.setdefault(("agent", service.name), Demand(AGENT, service.name, "", None))
    return list(found.values())


def transports(main: Effective, files: Files) -> Iterator[tuple[str, str]]:
    """Parameters that name transports, and each `transport:nexthop` that they, or their tables, name."""
    tables = {
        name: [_answers(table, files) for table in words(main.text(name), ", \t\r\n")] for name in _TABLES
    }
    answered = any(re.match("[^:]+:", answers.get("*", "")) for answers in tables["transport_maps"])
    for parameter, domains in _CLASSES.items():
        if answered and parameter in _OVERRIDDEN:
            continue
        if main.setting(parameter) or parameter == "default_transport" or any(map(main.setting, domains)):
            yield parameter, main.text(parameter)
    for parameter, named in tables.items():
        for answers in named:
            yield from ((parameter, value) for value in answers.values())


def _answers(table: str, files: Files) -> dict[str, str]:
    """What a table of transports has for which key, as far as it is known here; `*` is all others."""
    if table.startswith("static:"):
        return {"*": table.removeprefix("static:")}
    return entries(table, files) or {}


def find(configuration: Configuration, tls_programs: frozenset[str], files: Files) -> Iterator[Finding]:
    """The findings; none where master.cf isn't known."""
    if configuration.services is None:
        return
    for demand in demands(configuration, tls_programs, files):
        yield from in_the_way(configuration, demand, files)


def in_the_way(configuration: Configuration, demand: Demand, files: Files) -> Iterator[Finding]:
    """What is wrong with the entry of one service that is needed."""
    if demand.role is PROXYMAP and demand.name != PROXYMAP.name:
        yield _misnamed(configuration, demand)
        return
    services = configuration.services or ()
    named = [service for service in services if service.name == demand.name and service.type != "inet"]
    service = next((each for each in reversed(named) if each.type == demand.role.type), None)
    if service is None:
        yield _missing(configuration, demand, named)
        return
    check = _Entry(configuration, demand, service)
    if demand.parameter and (element := configuration.switched_off_by(service)) is not None:
        yield _switched_off(check, element)
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
        kind = BY_FAULT[self.demand.role.name, fault]
        return kind.found(self.service.id, "", said, self.service.place, cure)

    def set(self, field: str, value: str) -> list[str]:
        """The command that changes a field."""
        return [self.configuration.postconf("-F", f"{self.service.id}/{field}={value}")]

    def program(self, files: Files) -> Iterator[Finding]:
        """Whether the program is there."""
        directory = self.configuration.main().text("daemon_directory")
        path = f"{directory}/{self.service.program}"
        if not files.is_directory(directory) or files.is_runnable(path):
            return
        said, cure = "is not there", f"# put the program at {path}, or name another one in master.cf"
        if not files.is_missing(path):
            said, cure = "may not be executed", f"chmod a+x {shlex.quote(path)}"
        elif self.service.program == "scache-python":
            cure = "scache install"
            if not self.configuration.is_default:
                cure += f" --config-directory {self.configuration.directory}"
        yield self.fault("program-missing", f"{path} {said}", [cure])


def _switched_off(entry: _Entry, element: str) -> Finding:
    """Of a service that something asks for; one that nobody asks for may be."""
    configuration, service = entry.configuration, entry.service
    elements = configuration.main().text("master_service_disable").replace(",", " ").split()
    if element.lower() == service.type:
        left = [f"!{service.id}", *elements]
    else:
        left = [each for each in elements if each != element]
    said = f"is switched off by {element} in master_service_disable"
    cure = ["-e", f"master_service_disable={', '.join(left)}"] if left else ["-X", "master_service_disable"]
    kind = BY_FAULT[entry.demand.role.name, "switched-off"]
    place = configuration.main().place("master_service_disable")
    return kind.found(service.id, "", said, place, [configuration.postconf(*cure)])


def _misnamed(configuration: Configuration, demand: Demand) -> Finding:
    """Of a service that goes under one name only. An entry of another has to go, too: who asked there waits
    for as long as master(8) listens.
    """
    role, agent = demand.role, demand.agent
    if agent is not None:
        cure = [configuration.postconf("-PX", f"{agent.id}/{demand.parameter}")]
    else:
        cure = [configuration.postconf("-X", demand.parameter)]
    entry = configuration.service(demand.name)
    if entry is not None and entry.program in role.programs:
        cure.append(configuration.postconf("-MX", entry.id))
    if configuration.service(role.name) is None:
        cure += _cure_of_missing(configuration, Demand(role, role.name, "", None))
    said = f"{role.name}(8) serves under no other name than {role.name}"
    subject = f"{agent.id} -o {demand.parameter}" if agent is not None else demand.parameter
    return BY_FAULT[role.name, "name"].found(subject, demand.name, said, demand.place, cure)


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
            configuration.postconf(
                "-M", f"{wanted}={named[-1].fields(type=role.type, **_as_demanded(role, named[-1]))}"
            ),
        ]
        said = f"is of the type {named[-1].type}, but {role.type} is needed"
        return BY_FAULT[role.name, "type"].found(named[-1].id, "", said, named[-1].place, cure)
    comment = next((each for each in reversed(configuration.commented_out) if each.id == wanted), None)
    if comment is not None:
        entry = " ".join([comment.fields(**_as_demanded(role, comment)), *comment.options])
        cure = [configuration.postconf("-M", f"{wanted}={entry}")]
        said = f"its entry in master.cf is a comment ({comment.place})"
        return BY_FAULT[role.name, "commented-out"].found(subject, value, said, comment.place, cure)
    said = f"master.cf has no service {wanted}"
    return BY_FAULT[role.name, "missing"].found(
        subject, value, said, demand.place, _cure_of_missing(configuration, demand)
    )


def _as_demanded(role: Role, service: Service) -> dict[str, str]:
    """The fields of an entry that its program is particular about."""
    private = service.private if (service.private != "n") == role.private else "y" if role.private else "n"
    return {"private": private, "process_limit": role.process_limit or service.process_limit}


def _cure_of_missing(configuration: Configuration, demand: Demand) -> list[str]:
    role = demand.role
    there = [
        service.name for service in configuration.effective_services() if service.program in role.programs
    ]
    default = {"cache": "scache"}.get(role.name, role.name)
    if demand.agent is not None:
        return [configuration.postconf("-PX", f"{demand.agent.id}/{demand.parameter}")]
    if there and demand.parameter and demand.place is not None and role.name != "agent":
        if default in there:
            return [configuration.postconf("-X", demand.parameter)]
        return [configuration.postconf("-e", f"{demand.parameter}={there[0]}")]
    private = "-" if role.private else "n"
    program = role.programs[0] if role.name != "agent" else _program_of(demand)
    if program is None:
        return [
            f"# add an entry for {demand.name} to master.cf, or name another transport in {demand.parameter}"
        ]
    entry = f"{demand.name} {role.type} {private} - n - {role.process_limit or '-'} {program}"
    return [configuration.postconf("-M", f"{demand.name}/{role.type}={entry}")]


def _program_of(demand: Demand) -> str | None:
    """The program of a transport, by its name or where it sends mail; None where they don't say."""
    if demand.name in _PROGRAMS:
        return _PROGRAMS[demand.name]
    if demand.next_hop.startswith(("unix:", "inet:")):
        return "lmtp"
    return "smtp" if demand.next_hop.startswith("[") or "smtp" in demand.name else None
