"""Findings about TLS policy tables: what smtp(8) finds wrong with them (smtp_tls_policy.c)."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.maps import with_meant
from scache.admin.check.next_hop import bare
from scache.admin.check.tables import SUFFIXES, fault_of_table
from scache.admin.check.tls_use import policies_of
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.parameters import TLS_LEVELS
from scache.admin.reading import words
from scache.config.main_cf import split_setting
from scache.errors import ConfigurationError

__all__ = ["KINDS", "find"]

_NO_TABLE = Kind(
    "tls-policy-unusable",
    Severity.STOPS_MAIL,
    "A policy table can't be opened.",
    "smtp(8) logs an error when it starts, and `policy table lookup error` for each mail, which is then "
    "deferred: without the "
    "table it doesn't know how much TLS is demanded.",
    "Make the table (`postmap`), or take it out.",
)
_BAD_LEVEL = Kind(
    "tls-policy-level",
    Severity.STOPS_MAIL,
    "A policy has no valid security level.",
    "smtp(8) warns `invalid security level` for each mail to that destination, which is then deferred.",
    "Begin the policy with none, may, encrypt, dane, dane-only, fingerprint, verify or secure.",
)
_BAD_ATTRIBUTE = Kind(
    "tls-policy-attribute",
    Severity.STOPS_MAIL,
    "A policy has an attribute that smtp(8) doesn't take.",
    "smtp(8) warns of it for each mail to that destination, which is then deferred. The attributes are "
    "`ciphers`, `protocols`, `exclude`, `servername`, `match` and `tafile` (only where certificates are "
    "verified), and `connection_reuse=yes` or `no`.",
    "Mend the policy.",
)
_BAD_KEY = Kind(
    "tls-policy-key",
    Severity.STOPS_MAIL,
    "A policy is meant for the relayhost, and is never looked up.",
    "A next hop with brackets or a port is looked up as it stands, and nothing else: for `relayhost = "
    "[mail.example.com]:587` a policy for `mail.example.com` doesn't count, and mail goes out with "
    "`smtp_tls_security_level`.",
    "Give `[mail.example.com]:587` the same policy.",
)
KINDS = (_NO_TABLE, _BAD_LEVEL, _BAD_ATTRIBUTE, _BAD_KEY)

_ONCE = ("ciphers", "protocols", "servername", "exclude")
#: Those of 3.7, and what came later.
_NAMES = (
    *(*_ONCE, "match", "tafile", "connection_reuse", "enable_rpk", "policy_ttl", "policy_type"),
    *("policy_domain", "policy_string", "mx_host_pattern", "policy_failure"),
)
_NOT_EMPTY = ("ciphers", "match", "tafile")
_LEVELS = {"match": ("fingerprint", "verify", "secure"), "tafile": ("verify", "secure")}


def find(
    configuration: Configuration, service: Service, effective: Effective, files: Files
) -> Iterator[Finding]:
    """The findings about the policy tables of an agent."""
    name = f"{service.agent}_tls_policy_maps"
    subject = effective.subject(name)
    tables = words(effective.text(name), ", \t\r\n")
    for table in tables:
        fault = fault_of_table(table, configuration.table_types, files)
        if fault:
            others = ", ".join(each for each in tables if each != table)
            drop = configuration.set_commands(service, effective, name, others)
            cure = fault.cure or with_meant(configuration, effective, name, table) or drop
            yield _NO_TABLE.found(subject, table, fault.said, effective.place(name), cure)
        for key, policy in policies_of(table, files) or ():
            kind, wrong = _BAD_LEVEL, _fault_of_level(policy)
            if wrong is None:
                kind, wrong = _BAD_ATTRIBUTE, _fault_of_policy(policy)
            if wrong is not None:
                by_hand = [f"# give {key} another policy in {table}"]
                yield kind.found(subject, table, f"{key} has {wrong}", effective.place(name), by_hand)
    yield from _relay_written_otherwise(configuration, service, effective, name, files)


def _relay_written_otherwise(
    configuration: Configuration, service: Service, effective: Effective, name: str, files: Files
) -> Iterator[Finding]:
    """Policies that were meant for the relayhost, and aren't found by what it is looked up as."""
    found = {
        key: (table, policy)
        for table in words(effective.text(name), ", \t\r\n")
        for key, policy in policies_of(table, files) or ()
    }
    relays = words(effective.text("relayhost").lower(), ", \t") if name.startswith("smtp_") else []
    for relay in relays:  # each of several is looked up by itself
        if relay == bare(relay) or relay in found:
            continue
        for key, (table, policy) in found.items():
            if bare(key) == bare(relay) and key not in relays:
                said = f"{key} is never looked up: the relayhost is looked up as {relay}"
                subject, place = effective.subject(name), effective.place(name)
                cure = _with_policy(table, relay, policy, files)
                if table.startswith("inline:"):
                    value = effective.text(name).replace(table, f"{table[:-1]}, {{{relay}={policy}}}}}")
                    cure = configuration.set_commands(service, effective, name, value.replace("$", "$$"))
                yield _BAD_KEY.found(subject, table, said, place, cure)


def _with_policy(table: str, key: str, policy: str, files: Files) -> list[str]:
    """Commands that put a policy into a table that is, or is made of, a file."""
    kind, _colon, path = table.partition(":")
    line = shlex.join(["sed", "-i", f"$a {key} {policy}", files.path(path)])
    return [line, shlex.join(["postmap", f"{kind}:{files.path(path)}"])] if kind in SUFFIXES else [line]


def _fault_of_level(policy: str) -> str | None:
    """What is wrong with the level that it begins with; None where that is one."""
    level = words(policy, ", \t\r\n")[:1]
    if level and level[0].lower() in TLS_LEVELS:
        return None
    return f"the policy {policy or 'of nothing'}, which is no security level"


def _fault_of_policy(policy: str) -> str | None:
    """What is wrong with its attributes; None for nothing. Where the level is none, nobody looks at them."""
    level, *attributes = words(policy, ", \t\r\n")
    said: set[str] = set()
    for attribute in attributes if level.lower() != "none" else ():
        inner = attribute[1:-1].strip() if attribute.startswith("{") else attribute
        try:
            name, value = split_setting(inner)
        except ConfigurationError as error:
            return f'the malformed attribute "{inner}": {error}'
        fault = _fault_of_attribute(name.lower(), value, level.lower(), said)
        if fault is not None:
            return fault
        said.add(name.lower())
    return None


def _fault_of_attribute(name: str, value: str, level: str, said: set[str]) -> str | None:
    if name not in _NAMES:
        return f'the attribute "{name}", which is none'
    if not value and name in _NOT_EMPTY:
        return f'the attribute "{name}" without a value'
    if name in said and name in _ONCE:
        return f'the attribute "{name}" more than once'
    if name in _LEVELS and level not in _LEVELS[name]:
        return f'the attribute "{name}", which is invalid with the level {level}'
    if name in ("connection_reuse", "enable_rpk") and value.lower() not in ("yes", "no"):
        return f"{name}={value}, which is neither yes nor no"
    return None
