"""`scache check`: what the cache is, whether it answers, and what is wrong with the configuration."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
from itertools import groupby
from pathlib import Path

from scache.admin.check.catalogue import KINDS, findings
from scache.admin.check.delivery import Delivery, deliver
from scache.admin.check.files import ELSEWHERE, HERE, Files
from scache.admin.check.finding import Finding, Severity
from scache.admin.check.log import machine_syslog
from scache.admin.check.page import section
from scache.admin.check.running import State, ask
from scache.admin.check.tables import entries
from scache.admin.configuration import Configuration
from scache.admin.installed import installed_in
from scache.admin.instance import PostfixInstance, add_config_directory
from scache.admin.interposition import heal
from scache.admin.probe.private import Way
from scache.admin.probe.probe import Outcome, probe
from scache.admin.sources import from_directory, from_postconf
from scache.admin.tools import Tools
from scache.commands.numbers import positive
from scache.errors import UnavailableError, UsageError

__all__ = ["add_arguments", "run"]

_FINE, _FOUND, _NOT_CHECKED = 0, 1, 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache check example.com. Exit status: 0 nothing is wrong (notes don't count), 1 something "
        "is, "
        "2 it could not be checked, or not all of it."
    )
    parser.add_argument(
        "destination",
        metavar="DESTINATION",
        nargs="?",
        help="a domain, mail address or transport:nexthop: would a delivery there reuse a connection",
    )
    add_config_directory(parser)
    parser.add_argument("--all", action="store_true", help="all instances of multi_instance_directories, too")
    parser.add_argument(
        "--postconf",
        metavar="FILE",
        help="look at output of `postconf -n`, perhaps with that of `postconf -M` (-: standard input)",
    )
    parser.add_argument(
        "--probe",
        metavar="N",
        nargs="?",
        const=10,
        type=positive,
        help="with DESTINATION: have a private Postfix send so many mails (10) that way to a private server,"
        " and count the connections; nothing leaves the machine, and its own Postfix isn't touched",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document for each instance, one a line")
    parser.add_argument("--explain", metavar="ID", help="what a finding means, and what to do about it")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found. 0, 1 where something is to be done, 2 where a part could not be checked.

    Raises UnavailableError where the configuration can't be read, UsageError for an ID that there isn't.
    """
    if arguments.explain is not None:
        if arguments.explain not in KINDS:
            raise UsageError(f"{arguments.explain}: no such finding; they stand in docs/check.md")
        print(section(KINDS[arguments.explain]))
        return _FINE
    if arguments.probe is not None and (arguments.destination is None or arguments.postconf is not None):
        raise UsageError("--probe: takes a DESTINATION, and a configuration of this machine")
    tools = Tools.installed()
    if arguments.postconf is not None:
        shown = arguments.postconf
        printed = sys.stdin.buffer.read() if shown == "-" else Path(shown).read_bytes()
        configuration = from_postconf(printed.decode("utf-8", "surrogateescape"), shown, tools)
        found = findings(configuration, ELSEWHERE)
        if arguments.destination is not None:
            return _deliver(configuration, arguments, tools, ELSEWHERE, found)
        state = State(True, "not asked, because only what postconf printed is known")
        return _report(configuration, found, state, as_json=arguments.json)
    statuses = []
    for directory in _directories(arguments, tools):
        configuration = from_directory(directory, tools)
        instance = None if tools is None else PostfixInstance(configuration, tools)
        if instance is not None:
            _heal(instance)
        files = HERE.of(configuration.main().text("queue_directory"))
        found = findings(configuration, files, machine_syslog(configuration), installed_in(configuration))
        if arguments.destination is not None:
            statuses.append(_deliver(configuration, arguments, tools, files, found))
            continue
        statuses.append(_report(configuration, found, ask(instance), as_json=arguments.json))
    return max(statuses)


def _deliver(
    configuration: Configuration,
    arguments: argparse.Namespace,
    tools: Tools | None,
    files: Files,
    found: list[Finding],
) -> int:
    """Say what would become of a delivery: 0 where it could reuse a connection, 1 where it couldn't."""

    def look_up(table: str, key: str) -> str | None:
        known = entries(table, files)
        if known is not None:
            return known.get(key)
        if tools is None or not files.known:
            raise UnavailableError(f"{table}: can't be asked without its Postfix")
        within = files.path("") if files.is_directory("") else None
        return tools.look_up(configuration.directory, table, key, within)

    delivery = deliver(configuration, arguments.destination, look_up, files, found)
    document: dict[str, object] = {"reused": delivery.is_reused, "lines": delivery.lines}
    is_reused = delivery.is_reused
    if arguments.probe is not None:
        outcome = _probe(configuration, arguments, delivery, tools)
        document["probe"] = vars(outcome)
        is_reused = outcome.connections < outcome.mails == arguments.probe
    if arguments.json:
        print(json.dumps(document))
    else:
        print("\n".join(delivery.lines))
        if arguments.probe is not None:
            mails = f"{outcome.mails} of {arguments.probe} mails"
            print(f"probe: {mails} came, over {outcome.connections} connections")
            for text in outcome.log:
                print(f"    {text}")
    return _FINE if is_reused else _FOUND


def _probe(
    configuration: Configuration, arguments: argparse.Namespace, delivery: Delivery, tools: Tools | None
) -> Outcome:
    """What a private Postfix makes of it. UnavailableError where that can't be tried."""
    if tools is None or delivery.service is None:
        raise UnavailableError(f"--probe: {arguments.destination}: no smtp(8) or lmtp(8) delivers there")
    way = Way(delivery.service.name, delivery.next_hop, delivery.policy)
    domain = arguments.destination.rpartition("@")[2]
    recipient = f"probe@{domain}" if re.fullmatch(r"[A-Za-z0-9.-]+", domain) else "probe@probe.invalid"
    return probe(configuration, delivery.service, way, recipient, arguments.probe, tools)


def _heal(instance: PostfixInstance) -> None:
    """Undo what a recorder that was killed has left."""
    with contextlib.suppress(UnavailableError):  # what Postfix can't read is looked at all the same
        if (healed := heal(instance)) is not None:
            print(healed, file=sys.stderr)


def _directories(arguments: argparse.Namespace, tools: Tools | None) -> list[Path | None]:
    chosen: list[Path | None] = [arguments.config_directory]
    if arguments.all:
        main = from_directory(arguments.config_directory, tools).main()
        others = main.text("multi_instance_directories").replace(",", " ").split()
        chosen += [Path(each) for each in others]
    return chosen


def _report(configuration: Configuration, found: list[Finding], state: State, *, as_json: bool) -> int:
    service, installed = f"{configuration.cache_service}/unix", _installed(configuration)
    if as_json:
        document = {
            "directory": configuration.directory,
            "service": service,
            "installed": installed,
            "running": {"well": state.is_well, "said": state.said},
            "findings": [finding.as_json() for finding in found],
        }
        print(json.dumps(document))
    else:
        print(f"{configuration.directory}: {installed}")
        print(f"{service}: {state.said}")
        for cure, its in groupby(found, lambda finding: finding.cure):
            for finding in its:
                print(finding.line())
            for command in cure:
                print(f"    {command}")
    if state.is_well is None:
        return _NOT_CHECKED
    wrong = [finding for finding in found if finding.kind.severity is not Severity.NOTE]
    return _FINE if state.is_well and not wrong else _FOUND


def _installed(configuration: Configuration) -> str:
    """Which program the cache's entry runs."""
    name = configuration.cache_service
    if configuration.services is None:
        return "master.cf is not known"
    service = configuration.service(name)
    if service is None:
        return f"no service {name}/unix in master.cf"
    if service.program != "scache-python":
        return f"runs {service.program}, not this project's daemon"
    path = Path(configuration.main().text("daemon_directory"), service.program)
    return f"runs {path}" if path.exists() else f"is to run {path}, which is missing"
