"""Findings about smtp_connection_cache_destinations and lmtp_connection_cache_destinations.

The list is matched against the next hop without brackets and port (smtp_connect.c, smtp_cache_policy), or
against the path of a socket. No parent domains, no wildcards.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.match_list import Element, elements
from scache.admin.check.next_hop import bare, below, can_match, in_order, literal, next_hop, with_bare_keys
from scache.admin.check.tables import TABLE_TYPES, entries, fault_of_table
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.reading import words

__all__ = ["KINDS", "find"]

_FATAL = Kind(
    "list-ends-the-program",
    Severity.STOPS_MAIL,
    "An element of the list ends the delivery agent when it starts.",
    "A `:` outside brackets makes an element a lookup table, `type:name`; with nothing on one side of the "
    "colon, as in `::1`, "
    'smtp(8) ends with `fatal: open dictionary: expecting "type:name" form`. So it does for a `!` with '
    "nothing behind it, "
    "and for a directory. All mail of that transport stops.",
    "Give a literal with colons as a key of a table: `inline:{{::1=x}}`.",
)
_BRACKETS = Kind(
    "list-brackets",
    Severity.LESS_REUSE,
    "An element has brackets or a port, and never matches.",
    "The next hop is compared without brackets and port. An IPv6 address has to be the key of a table "
    "then, since "
    "an element with a colon is itself taken for a table.",
    "Leave brackets and port out.",
)
_NO_TABLE = Kind(
    "list-not-a-table",
    Severity.LESS_REUSE,
    "An element with a colon was not meant as a table, but is taken for one.",
    "`relay.example:25`, `smtp:[host]`, `unix:private/lmtp` and `2001:db8::1` are lookup tables of the "
    "types `relay.example`, `smtp`, "
    "`unix` and `2001` for Postfix. The agent logs an error when it starts and a warning for each mail; "
    "nothing behind that element is "
    "looked at, and the destination is cached only under load, if at all.",
    "Give the next hop alone: no transport, no `unix:` or `inet:`, no port.",
)
_TABLE = Kind(
    "list-table-unusable",
    Severity.LESS_REUSE,
    "A table in the list can't be opened.",
    "The agent logs an error when it starts and `table lookup problem` for each mail. Nothing behind that "
    "element is looked at.",
    "Make the table (`postmap`), or take it out of the list.",
)
_KEY = Kind(
    "list-table-key",
    Severity.LESS_REUSE,
    "A table in the list has a key that never matches.",
    "A table is asked for the next hop without brackets and port, once: no parent domain, no wildcard.",
    "Write the key as the next hop is compared; see the other findings about lists.",
)
_FILE = Kind(
    "list-file-missing",
    Severity.LESS_REUSE,
    "An element that begins with / names a file that can't be read.",
    "Such an element stands for the lines of that file. Where it can't be read, an error is logged, and "
    "nothing behind it is looked at. "
    "The path of a socket has to be the key of a table.",
    "Make the file, or take it out of the list; for a socket `inline:{{/path=x}}`.",
)
_WILDCARD = Kind(
    "list-wildcard",
    Severity.LESS_REUSE,
    "An element is a pattern, and never matches.",
    "The list is one of plain strings: `*`, `*.example.com`, `.example.com` and `all` are compared letter "
    "by letter with the next hop.",
    "`static:all` for every destination, a `regexp:` table for a domain and what is below it, or each "
    "domain by name.",
)
_ADDRESS = Kind(
    "list-address",
    Severity.LESS_REUSE,
    "An element is no next hop, and never matches.",
    "What is compared is the next hop: a domain, host or address, without user and trailing dot. A comment "
    "is no comment here.",
    "Give the domain or host.",
)
_EXCLUSIONS = Kind(
    "list-only-exclusions",
    Severity.LESS_REUSE,
    "All elements of the list are exclusions, so it matches nothing.",
    "The first element that matches decides, and what no element matches isn't in the list.",
    "Put `static:all` behind the exclusions.",
)
_ORDER = Kind(
    "list-order",
    Severity.LESS_REUSE,
    "An element stands behind one that matches all it could match.",
    "The first element that matches decides. An exclusion behind `static:all`, or behind the same name, "
    "excludes nothing.",
    "Put exclusions first.",
)
KINDS = (_FATAL, _BRACKETS, _NO_TABLE, _TABLE, _KEY, _FILE, _WILDCARD, _ADDRESS, _EXCLUSIONS, _ORDER)

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
        faults = [(element, *fault) for element in self._elements if (fault := self._fault(element))]
        cure = self._cure()
        for element, kind, said in faults:
            place = element.file or self._effective.place(self._name)
            cured = self._cure_of_file(element) if element.file else cure
            yield kind.found(self._subject(), element.text, said, place, cured)
        for kind, value, said in self._faults_of_order():
            if not any(fault[1] is kind for fault in faults):
                yield kind.found(self._subject(), value, said, self._effective.place(self._name), cure)

    def _subject(self) -> str:
        own = self._effective.is_own(self._name)
        return f"{self._service.id} -o {self._name}" if own else self._name

    def _fault(self, element: Element) -> tuple[Kind, str] | None:
        body = element.body
        if not body:
            return _FATAL, f"ends {self._service.agent}(8): no pattern after '!'"
        if body.startswith("/"):
            return self._fault_of_file(element)
        if element.is_table:
            return self._fault_of_table(element)
        if body.startswith("["):
            return _BRACKETS, f"never matches; the next hop is compared as {bare(body)}"
        if body.lower() in _ALL or "*" in body or body.startswith("."):
            return _WILDCARD, "never matches; it is compared letter by letter"
        if "@" in body or body.endswith(".") or body.startswith("#"):
            return _ADDRESS, "never matches; it is no next hop"
        return None

    def _fault_of_file(self, element: Element) -> tuple[Kind, str] | None:
        if self._files.is_directory(element.body):
            return _FATAL, f"ends {self._service.agent}(8): {element.body} is a directory"
        if element.missing and self._files.known:
            return _FILE, "can't be read as a file of elements; what stands behind it is not looked at"
        return None

    def _fault_of_table(self, element: Element) -> tuple[Kind, str] | None:
        kind, _colon, name = element.body.partition(":")
        if not kind or not name:
            return _FATAL, f"ends {self._service.agent}(8): it is taken for a table without type or name"
        if self._was_meant_asnext_hop(element):
            return _NO_TABLE, (
                f"is taken for a table of the type {kind}; the next hop is compared as "
                f"{next_hop(element.body, self._transports())}"
            )
        fault = fault_of_table(element.body, self._configuration.table_types, self._files)
        if fault:
            return _TABLE, f"{fault}; what stands behind it is not looked at"
        wrong = [key for key in entries(element.body, self._files) or {} if not can_match(key)]
        return (_KEY, f"has the key {wrong[0]}, which never matches") if wrong else None

    def _was_meant_asnext_hop(self, element: Element) -> bool:
        kind, _colon, name = element.body.partition(":")
        if kind == "unix":
            return not name.endswith((".byname", ".byuid", ".bygid"))
        return kind not in TABLE_TYPES

    def _faults_of_order(self) -> Iterator[tuple[Kind, str, str]]:
        if self._elements and all(element.negated for element in self._elements):
            yield _EXCLUSIONS, self._effective.text(self._name), "matches nothing; all of it is excluded"
        for position, element in enumerate(self._elements):
            before = self._elements[:position]
            if not element.is_table and any(each.matches(element.body) for each in before):
                by = next(each for each in before if each.matches(element.body))
                if by.negated != element.negated:
                    yield _ORDER, element.text, f"has no effect: {by.text} before it decides"

    def _mended(self, element: Element) -> str | None:
        """The element as it should be, without `!`; None to leave it out."""
        body = element.body
        fault = self._fault(element)
        if fault is None:
            return body
        if fault[0] is _WILDCARD:
            return "static:all" if body.lower() in _ALL else below(body, self._configuration.release)
        if fault[0] is _ADDRESS:
            return body.rpartition("@")[2].rstrip(".") or None if not body.startswith("#") else None
        if fault[0] is _KEY:
            return with_bare_keys(body)
        if fault[0] in (_TABLE, _FILE) or not body or body.startswith("/"):
            if "has to be made" in fault[1]:
                return body
            sockets = self._effective.text("virtual_transport"), self._effective.text("local_transport")
            return literal(body) if any(body in each for each in sockets) else None
        return literal(next_hop(body, self._transports()))

    def _transports(self) -> set[str]:
        return {service.name for service in self._configuration.services or ()} | {"smtp", "lmtp", "relay"}

    def _cure(self) -> Sequence[str]:
        """The command that mends the whole list where it is set."""
        setting = self._effective.setting(self._name)
        raw = words(setting.value, ", \t\r\n") if setting else []
        mended: list[str] = []
        dangling = ""
        for word in raw:
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
            if fault and "has to be made" in fault[1]:
                cure.append(shlex.join(["postmap", element.body]))
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
            if result is not None
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
