"""What is wrong with one element of a list of destinations, and what was meant by it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.finding import Kind
from scache.admin.check.list_kinds import ADDRESS, BRACKETS, FATAL, FILE, KEY, NO_TABLE, TABLE, WILDCARD
from scache.admin.check.match_list import Element
from scache.admin.check.next_hop import (
    bare,
    commands_for_values,
    impossible_keys,
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
from scache.admin.check.tables import TABLE_TYPES, fault_of_table, meant_type
from scache.admin.configuration import Configuration
from scache.admin.reading import words

__all__ = ["Judge", "Wrong"]

_ALL = ("*", "all", "any", "yes", "true", "@", "*.*")
_NONE = ("none", "no", "off", "false", "null", "nil")
#: What a domain, a host, an address or a socket's path can consist of.
_NEXT_HOP = re.compile(r"[\w./-]+")
_BRACKETED = re.compile(r"\[[^][\"']*\](:[\w-]*)?")
_NETWORK = re.compile(r"\[([0-9A-Fa-f:.]+)\](/\d+)")


@dataclass(frozen=True)
class Wrong:
    """A fault of an element."""

    kind: Kind
    said: str
    mended: tuple[str, ...]
    """What is to stand in its place, without `!`; nothing to leave it out."""
    cure: tuple[str, ...] = ()
    """Commands besides, for what the element names."""


class Judge:
    """Tells right elements from wrong ones, for the lists of one delivery agent."""

    def __init__(self, configuration: Configuration, agent: str, files: Files) -> None:
        self._agent = agent
        self._files = files
        self._release = configuration.release
        self._types = configuration.table_types
        self._proxied = words(configuration.main().text("proxy_read_maps"))
        self._transports = {service.name for service in configuration.services or ()}
        self._transports |= {"smtp", "lmtp", "relay"}
        self._sockets = sockets_of(configuration, files) if agent == "lmtp" else []
        self._known: dict[str, Wrong | None] = {}

    def wrong(self, element: Element) -> Wrong | None:
        """What is wrong with it; None for nothing."""
        if element.missing:
            return self._file(element)
        if element.body not in self._known:
            self._known[element.body] = self._table(element) if element.is_table else self._name(element)
        return self._known[element.body]

    def _name(self, element: Element) -> Wrong | None:
        body = _NETWORK.sub(r"\1\2", element.body)
        if not body:
            return Wrong(FATAL, f"ends {self._agent}(8): no pattern after '!'", ())
        if _BRACKETED.fullmatch(body):
            said = f"never matches; the next hop is compared as {bare(body)}"
            return Wrong(BRACKETS, said, (literal(bare(body)),))
        if body.startswith(BYTE_ORDER_MARK):
            return self._no_next_hop(body, "a byte order mark stands before it")
        if body.lower() in _ALL or "*" in body or body.startswith(".") or is_network(body):
            mended = "static:all" if body.lower() in _ALL else pattern(body, self._release)
            return Wrong(WILDCARD, "never matches; it is compared letter by letter", (mended,))
        if body.isdecimal() or body.lower() in _NONE:
            return Wrong(ADDRESS, "never matches; the list takes domains and hosts", ())
        if not _NEXT_HOP.fullmatch(body) or body.endswith("."):
            return self._no_next_hop(body, "it is no next hop")
        if self._agent == "smtp" and "/" in body:
            return self._no_next_hop(body, "smtp(8) knows no sockets")
        if (socket := self._socket(body)) is not None:
            said = f"never matches; the next hop is compared as {socket}"
            return Wrong(ADDRESS, said, (literal(socket),))
        return None

    def _no_next_hop(self, body: str, why: str) -> Wrong:
        return Wrong(ADDRESS, f"never matches; {why}", tuple(spelt_out(body, self._agent)))

    def _socket(self, body: str) -> str | None:
        """The socket that lmtp(8) is sent to, where it is meant by another path to it, or by its name."""
        name = body.rpartition("/")[2]
        same = [each for each in self._sockets if each.rpartition("/")[2] == name]
        return same[0] if same and (body not in self._sockets or body.startswith("/")) else None

    def _file(self, element: Element) -> Wrong | None:
        body, socket = element.body, self._socket(element.body)
        meant = regular_expression(body, self._release) or (literal(socket) if socket else None)
        mended = (meant,) if meant else ()
        if self._files.is_directory(body):
            return Wrong(FATAL, f"ends {self._agent}(8): {body} is a directory", mended)
        if self._files.known:
            said = "can't be read as a file of elements; what stands behind it is not looked at"
            return Wrong(FILE, said, mended)
        return None

    def _table(self, element: Element) -> Wrong | None:
        body = element.body
        kind, _colon, name = body.partition(":")
        if not kind or not name:
            meant = table_of_nothing(body)
            said = f"ends {self._agent}(8): it is taken for a table without type or name"
            return Wrong(FATAL, said, (meant,) if meant else ())
        if self._is_no_type(kind, name):
            meant = meant_type(body)
            if meant is None and (kind == "unix" or not re.match("/[^/]", name)):
                hop = next_hop(body, self._transports)
                said = f"is taken for a table of the type {kind}; the next hop is compared as {hop}"
                return Wrong(NO_TABLE, said, (literal(hop),))
            said = f"Postfix has no tables of the type {kind}; what stands behind it is not looked at"
            return Wrong(TABLE, said, (meant,) if meant else ())
        if kind == "proxy" and self._proxied and body not in self._proxied:
            said = "proxymap(8) refuses it, because proxy_read_maps doesn't have it"
            return Wrong(TABLE, said, (body.removeprefix("proxy:"),))
        return self._unusable(body) or self._wrong_keys(body)

    def _is_no_type(self, kind: str, name: str) -> bool:
        if kind == "unix":
            return not name.endswith((".byname", ".byuid", ".bygid"))
        return kind not in TABLE_TYPES and kind not in (self._types or ())

    def _unusable(self, body: str) -> Wrong | None:
        fault = fault_of_table(body, self._types, self._files)
        if fault is None:
            return None
        mended: str | None = body
        cure = fault.cure
        if fault.lacks_values:
            mended = with_values(body)
        elif not cure:
            mended = regular_expression(body, self._release)
        elif lines_without_value(body, self._files):
            cure = tuple(commands_for_values(body, self._files))
        said = f"{fault.said}; what stands behind it is not looked at"
        return Wrong(TABLE, said, (mended,) if mended else (), cure)

    def _wrong_keys(self, body: str) -> Wrong | None:
        wrong = impossible_keys(body, self._files)
        if wrong:
            mended = with_bare_keys(body)
            by_hand = f"# write the keys of {body} without brackets, port and wildcard"
            said = f"has the key {wrong[0]}, which never matches"
            return Wrong(KEY, said, (mended,), () if mended != body else (by_hand,))
        lines = lines_without_value(body, self._files)
        if lines:
            cure = tuple(commands_for_values(body, self._files))
            return Wrong(
                KEY, f"has the line {lines[0]}, which is no entry: a value is missing", (body,), cure
            )
        return None
