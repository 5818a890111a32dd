"""Findings about the other tables that a delivery asks: whether they can be opened, and are of today."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.tables import SUFFIXES, fault_of_table, meant_type
from scache.admin.configuration import Configuration, Effective
from scache.admin.reading import words

__all__ = ["KINDS", "find", "tables_of", "with_meant"]

_UNUSABLE = Kind(
    "table-unusable",
    Severity.STOPS_MAIL,
    "A table that is asked for each mail can't be opened.",
    "The program logs an error when it starts and `lookup error` for each mail: without the table it doesn't "
    "know where to send it, as whom, or what to change in it. With `transport_maps` and its like smtpd(8) "
    "takes no mail (`451 4.3.0 Temporary lookup failure`), and what is there already is deferred. So it is "
    "with passwords, where the other side offers a login. With `smtp_generic_maps`, smtp(8) ends with "
    "`fatal: smtp_generic_maps map lookup problem`, and the mail stays in the queue. A table without a type "
    "ends the program with `fatal: open dictionary`.",
    "Make the table (`postmap`), give it its type, or take it out.",
)
_STALE = Kind(
    "table-stale",
    Severity.NOTE,
    "A table is older than the file that it was made of.",
    "What was changed in the file since doesn't count. Each program that opens the table warns of it "
    "(`database ... is older than source file`).",
    "Make it anew: `postmap`.",
)
KINDS = (_UNUSABLE, _STALE)

#: What trivial-rewrite(8) asks, and what smtp(8) and lmtp(8) do.
_OF_ROUTES = ("transport_maps", "sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps")
_OF_AGENTS = (
    *("sasl_password_maps", "generic_maps", "header_checks", "mime_header_checks", "nested_header_checks"),
    *("body_checks", "reply_filter", "discard_ehlo_keyword_address_maps"),
)
#: Those whose faults other families find.
_KNOWN = ("connection_cache_destinations", "tls_policy_maps")


def find(configuration: Configuration, files: Files) -> Iterator[Finding]:
    """The findings, each once."""
    seen = set()
    for effective, name in tables_of(configuration):
        subject = effective.subject(name)
        if effective.setting(name) is None or subject in seen:
            continue
        seen.add(subject)
        tables = words(effective.text(name), ", \t\r\n")
        for table in tables:
            fault = None if name.endswith(_KNOWN) else fault_of_table(table, configuration.table_types, files)
            if fault is not None:
                cure = fault.cure or with_meant(configuration, effective, name, table)
                by_hand = [f"# make {table.rpartition(':')[2]}, or take it out of {name}"]
                yield _UNUSABLE.found(subject, table, fault.said, effective.place(name), cure or by_hand)
            elif (source := _newer_source(table.removeprefix("!").removeprefix("proxy:"), files)) is not None:
                said = f"is older than {source.partition(':')[2]}"
                cure = [shlex.join(["postmap", source])]
                yield _STALE.found(subject, table, said, effective.place(name), cure)


def with_meant(configuration: Configuration, effective: Effective, name: str, table: str) -> Sequence[str]:
    """Commands that put in place of a table without a type, or of one that there isn't, what was meant."""
    meant = meant_type(table, configuration.main().text("default_database_type"))
    if meant is None:
        return []
    value = ", ".join(meant if each == table else each for each in words(effective.text(name), ", \t\r\n"))
    if effective.service is None:
        return [configuration.postconf("-e", f"{name}={value}")]
    return configuration.set_commands(effective.service, effective, name, value)


def tables_of(configuration: Configuration) -> Iterator[tuple[Effective, str]]:
    """The parameters that name tables which are asked about a delivery, as who asks sees them."""
    main = configuration.main()
    for name in _OF_ROUTES:
        yield main, name
    for service in configuration.agents:
        effective = Effective(configuration, service)
        for name in (*_OF_AGENTS, *_KNOWN):
            logs_in = effective.is_yes(f"{service.agent}_sasl_auth_enable")
            if name != "sasl_password_maps" or logs_in:
                yield effective, f"{service.agent}_{name}"


def _newer_source(table: str, files: Files) -> str | None:
    """Type and text file that an indexed table was made of, where that has been changed since."""
    kind, _colon, name = table.partition(":")
    source = files.path(name)
    made = source + SUFFIXES.get(kind, "")
    if kind not in SUFFIXES or not files.changed(made):
        return None
    return f"{kind}:{source}" if files.changed(source) > files.changed(made) else None
