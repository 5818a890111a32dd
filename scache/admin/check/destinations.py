"""Findings about smtp_connection_cache_destinations and lmtp_connection_cache_destinations.

The list is matched against the next hop without brackets and port (smtp_connect.c, smtp_cache_policy), or
against the path of a socket. No parent domains, no wildcards.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind
from scache.admin.check.list_kinds import (
    ADDRESS,
    BRACKETS,
    EXCLUSIONS,
    FATAL,
    FILE,
    KEY,
    KINDS,
    NO_TABLE,
    ORDER,
    TABLE,
    WILDCARD,
)
from scache.admin.check.match_list import EVERYTHING, Element, elements
from scache.admin.check.next_hop import (
    bare,
    commands_for_values,
    impossible_keys,
    in_order,
    is_network,
    lines_without_value,
    literal,
    next_hop,
    pattern,
    regular_expression,
    sockets_of,
    spelt_out,
    table_of_nothing,
    with_bare_keys,
    with_values,
)
from scache.admin.check.syntax import BYTE_ORDER_MARK
from scache.admin.check.tables import TABLE_TYPES, cure_of_table, fault_of_table
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.reading import words

__all__ = ["KINDS", "find"]

_PUNCTUATION = re.compile(r"[;\"'<>()]")
_ALL = ("*", "all", "any", "yes", "true", "@", "*.*")


def find(configuration: Configuration, files: Files) -> Iterator[Finding]:
    """The findings of each list that a delivery agent has."""
    seen = set()
    for service in configuration.agents:
        effective = Effective(configuration, service)
        name = f"{service.agent}_connection_cache_destinations"
        key = name, service.id if effective.is_own(name) else ""
        if key not in seen:
            seen.add(key)
            yield from _List(configuration, service, effective, name, files).findings()


class _List:
    """One list under examination."""

    def __init__(
        self, configuration: Configuration, service: Service, effective: Effective, name: str, files: Files
    ) -> None:
        self._configuration = configuration
        self._service = service
        self._effective = effective
        self._name = name
        self._files = files
        self._elements = elements(effective.text(name), files.read)

    def findings(self) -> Iterator[Finding]:
        """One for each element that is wrong, or for the list as a whole."""
        if any(element.body == "=" for element in self._elements):
            return  # a parameter of its own was swallowed, which names.py finds
        faults = [(element, *fault) for element in self._elements if (fault := self._fault(element))]
        cure = self._cure()
        for element, kind, said in faults:
            place = element.file or self._effective.place(self._name)
            cured = self._cure_of_file(element) if element.file else cure
            yield kind.found(self._effective.subject(self._name), element.text, said, place, cured)
        for kind, value, said in self._faults_of_order():
            if not any(fault[1] is kind for fault in faults):
                yield kind.found(
                    self._effective.subject(self._name), value, said, self._effective.place(self._name), cure
                )

    def _fault(self, element: Element) -> tuple[Kind, str] | None:
        body = element.body
        if not body:
            return FATAL, f"ends {self._service.agent}(8): no pattern after '!'"
        if body.startswith("/"):
            return self._fault_of_file(element)
        if element.is_table:
            return self._fault_of_table(element)
        if body.startswith("["):
            return BRACKETS, f"never matches; the next hop is compared as {bare(body)}"
        if body.startswith(BYTE_ORDER_MARK):
            return ADDRESS, "never matches; a byte order mark stands before it"
        if body.lower() in _ALL or "*" in body or body.startswith(".") or is_network(body):
            return WILDCARD, "never matches; it is compared letter by letter"
        if "@" in body or body.endswith(".") or body.startswith("#") or _PUNCTUATION.search(body):
            return ADDRESS, "never matches; it is no next hop"
        if self._service.agent == "smtp" and "/" in body:
            return ADDRESS, "never matches; smtp(8) knows no sockets"
        if (socket := self._socket(body)) is not None:
            return ADDRESS, f"never matches; the next hop is compared as {socket}"
        return None

    def _socket(self, body: str) -> str | None:
        """The socket that lmtp(8) is sent to, where it is meant by another path to it, or by its name."""
        if self._service.agent != "lmtp":
            return None
        sockets = sockets_of(self._configuration, self._files)
        name = body.rpartition("/")[2]
        same = [each for each in sockets if each.rpartition("/")[2] == name]
        return same[0] if same and (body not in sockets or body.startswith("/")) else None

    def _fault_of_file(self, element: Element) -> tuple[Kind, str] | None:
        if self._files.is_directory(element.body):
            return FATAL, f"ends {self._service.agent}(8): {element.body} is a directory"
        if element.missing and self._files.known:
            return FILE, "can't be read as a file of elements; what stands behind it is not looked at"
        return None

    def _fault_of_table(self, element: Element) -> tuple[Kind, str] | None:
        kind, _colon, name = element.body.partition(":")
        if not kind or not name:
            return FATAL, f"ends {self._service.agent}(8): it is taken for a table without type or name"
        if self._was_meant_as_next_hop(element):
            return NO_TABLE, (
                f"is taken for a table of the type {kind}; the next hop is compared as "
                f"{next_hop(element.body, self._transports())}"
            )
        allowed = words(self._configuration.main().text("proxy_read_maps"))
        if kind == "proxy" and allowed and element.body not in allowed:
            return TABLE, "proxymap(8) refuses it, because proxy_read_maps doesn't have it"
        fault = fault_of_table(element.body, self._configuration.table_types, self._files)
        if fault:
            return TABLE, f"{fault}; what stands behind it is not looked at"
        wrong = impossible_keys(element.body, self._files)
        if wrong:
            return KEY, f"has the key {wrong[0]}, which never matches"
        lines = lines_without_value(element.body, self._files)
        return (KEY, f"has the line {lines[0]}, which is no entry: a value is missing") if lines else None

    def _was_meant_as_next_hop(self, element: Element) -> bool:
        kind, _colon, name = element.body.partition(":")
        if kind == "unix":
            return not name.endswith((".byname", ".byuid", ".bygid"))
        return kind not in TABLE_TYPES

    def _faults_of_order(self) -> Iterator[tuple[Kind, str, str]]:
        if self._elements and all(element.negated for element in self._elements):
            yield EXCLUSIONS, self._effective.text(self._name), "matches nothing; all of it is excluded"
        first: dict[str, Element] = {}
        for element in self._elements:
            by = first.get(element.extent) or first.get(EVERYTHING)
            if by is None:
                first[element.extent] = element
            elif by.negated != element.negated:
                yield ORDER, element.text, f"has no effect: {by.text} before it decides"

    def _mended(self, element: Element) -> str | None:
        """The element as it should be, without `!`; None to leave it out."""
        body = element.body
        fault = self._fault(element)
        if fault is None:
            return body
        kind, said = fault
        release = self._configuration.release
        if kind is WILDCARD or is_network(body):
            return "static:all" if body.lower() in _ALL else pattern(body, release)
        if kind is ADDRESS:
            return literal(self._socket(body) or "") or spelt_out(body, self._service.agent)
        if kind is KEY:
            return with_bare_keys(body)
        if "has to be made" in said or "no entry" in said:
            return with_values(body)
        if "proxymap" in said:
            return body.removeprefix("proxy:")
        if kind in (TABLE, FILE) or not body or body.startswith("/"):
            if cure_of_table(body, said, self._files):
                return body
            return regular_expression(body, release) or literal(self._socket(body) or "") or None
        return table_of_nothing(body) if kind is FATAL else literal(next_hop(body, self._transports()))

    def _transports(self) -> set[str]:
        return {service.name for service in self._configuration.services or ()} | {"smtp", "lmtp", "relay"}

    def _cure(self) -> Sequence[str]:
        """The command that mends the whole list where it is set."""
        setting = self._effective.setting(self._name)
        raw = words(setting.value, ", \t\r\n") if setting else []
        mended: list[str] = []
        dangling = ""
        for word in raw:
            if word.startswith("#"):  # a comment was meant, up to the end
                break
            if not word.strip("!"):  # `! name` was meant as `!name`
                dangling = word
                continue
            mended += self._mended_word(dangling + word)
            dangling = ""
        mended = in_order(mended)
        if mended and all(word.startswith("!") for word in mended):
            mended.append("static:all")
        value = ", ".join(mended)
        if mended == raw:
            return self._cure_of_tables()
        return self._configuration.set_commands(self._service, self._effective, self._name, value)

    def _cure_of_tables(self) -> Sequence[str]:
        """What to do where not the list is wrong, but a table in it."""
        cure = []
        for element in self._elements:
            fault = self._fault(element)
            without = fault and lines_without_value(element.body, self._files)
            if fault and without and ("has to be made" in fault[1] or "a value is missing" in fault[1]):
                cure += commands_for_values(element.body, self._files)
            elif fault and (made := cure_of_table(element.body, fault[1], self._files)):
                cure += made
            elif fault:
                cure.append(f"# write the keys of {element.body} without brackets, port and wildcard")
        return cure

    def _mended_word(self, word: str) -> list[str]:
        """A word of the list, as it is set: what it refers to is written out only where that is wrong."""
        own = [
            element
            for element in elements(self._effective.expand(word), self._files.read)
            if element.file is None
        ]
        results = [self._mended(element) for element in own]
        if [element.body for element in own] == results:
            return [word]
        return [
            ("!" if element.negated else "") + result
            for element, result in zip(own, results, strict=True)
            if result
        ]

    def _cure_of_file(self, element: Element) -> Sequence[str]:
        """The command that mends the element's line in its file."""
        assert element.file is not None
        line = [each for each in self._elements if each.file == element.file]
        results = [(each, self._mended(each)) for each in line]
        text = " ".join(
            f"{'!' * (len(each.text) - len(each.body))}{result}" for each, result in results if result
        )
        action = f"c\\{text}" if text else "d"
        return [shlex.join(["sed", "-i", f"{element.file.line}{action}", element.file.file])]
