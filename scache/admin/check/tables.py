"""Lookup tables, as far as one can tell without Postfix whether they can be opened."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.reading import words
from scache.config.main_cf import logical_lines

__all__ = [
    "REMOTE_TYPES",
    "SUFFIXES",
    "TABLE_TYPES",
    "TableFault",
    "entries",
    "fault_of_table",
    "inline_words",
    "lines_of",
    "meant_type",
]

#: What postmap(1) makes of a file, by type of table.
SUFFIXES = {
    "hash": ".db",
    "btree": ".db",
    "dbm": ".pag",
    "sdbm": ".pag",
    "cdb": ".cdb",
    "lmdb": ".lmdb",
}
_PATTERNS = ("cidr", "regexp", "pcre")
_PLAIN = ("texthash", *_PATTERNS)
#: Tables whose answers only another program knows.
REMOTE_TYPES = (
    "ldap",
    "memcache",
    "mongodb",
    "mysql",
    "nisplus",
    "nis",
    "pgsql",
    "proxy",
    "socketmap",
    "sqlite",
    "tcp",
)
#: DATABASE_README's.
TABLE_TYPES = frozenset(
    (
        *(*SUFFIXES, *_PLAIN, *REMOTE_TYPES, "debug", "environ", "fail", "inline", "internal", "netinfo"),
        *("pipemap", "randmap", "static", "thash", "unionmap", "unix"),
    )
)


@dataclass(frozen=True)
class TableFault:
    """Why a table can't be opened."""

    said: str
    cure: tuple[str, ...] = ()
    """Commands that make it usable; none where only leaving it out, or mending its name, does."""
    lacks_values: bool = False
    """Whether keys without values are all that is wrong."""


def fault_of_table(table: str, known_types: frozenset[str] | None, files: Files) -> TableFault | None:
    """Why `type:name` can't be opened, None where nothing is known against it.

    known_types: those that this release was built with, None where that isn't known.
    """
    kind, colon, name = table.partition(":")
    if not colon:
        error = f'open dictionary: expecting "type:name" form instead of "{table}"'
        return TableFault(f"ends the program that asks it with `fatal: {error}`")
    if known_types is not None and kind not in known_types:
        install = f"# install what brings tables of the type {kind} (Debian: postfix-{kind})"
        return TableFault(
            f"this Postfix has no tables of the type {kind}", (install,) if kind in TABLE_TYPES else ()
        )
    if kind == "proxy":
        return fault_of_table(name, known_types, files)
    if kind == "fail":
        return TableFault("it answers nothing but errors")
    if kind == "inline":
        wrong = [word for word in inline_words(name) if "=" not in word]
        said = f"{wrong[0]} is no entry of the form key=value" if wrong else ""
        return TableFault(said, lacks_values=True) if wrong else None
    if name.startswith("{") or kind not in (*SUFFIXES, *_PLAIN):
        return None
    source = files.path(name)
    path = source + SUFFIXES.get(kind, "")
    if not files.is_missing(path):
        return None
    if kind not in SUFFIXES or files.is_missing(source):
        return TableFault(f"{path} is not there")
    make = shlex.join(["postmap", f"{kind}:{source}"])
    return TableFault(f"{path} is not there, and has to be made of {source}", (make,))


def meant_type(table: str, default: str = "") -> str | None:
    """The table that was meant by one of a type that there isn't: in capitals, or misspelt; None for none.

    default: the type where none is given.
    """
    kind, colon, name = table.partition(":")
    if not colon:
        return f"{default}:{table}" if default and table.startswith("/") else None
    if kind in TABLE_TYPES or (kind.lower() not in TABLE_TYPES and not name.startswith(("/", "{"))):
        return None
    close = difflib.get_close_matches(kind.lower(), TABLE_TYPES, 1)
    return f"{close[0]}:{name}" if close else None


def entries(table: str, files: Files) -> dict[str, str] | None:
    """Keys and values of a table whose text is at hand; None for one that only Postfix could ask.

    For an indexed file this is the text that it was made of.
    """
    kind, _colon, name = table.partition(":")
    if kind == "inline":
        pairs = [word.partition("=") for word in inline_words(name)]
        known = all(equals for _key, equals, _value in pairs)
        return {key.strip().lower(): value.strip() for key, _equals, value in pairs} if known else None
    lines = None if kind in _PATTERNS else lines_of(table, files)
    if lines is None:
        return None
    split = (line.split(None, 1) for line in lines)
    return {pair[0].lower(): pair[1].strip() for pair in split if len(pair) > 1}


def lines_of(table: str, files: Files) -> list[str] | None:
    """The logical lines of a table that is one of text, or was made of one, or stands in main.cf as such."""
    kind, _colon, name = table.partition(":")
    if kind in _PATTERNS and name.startswith("{"):
        return inline_words(name)
    content = files.read(name) if kind in (*_PLAIN, *SUFFIXES) else None
    if content is None:
        return None
    return [line for _number, line in logical_lines(content, lambda _stray: None)]


def inline_words(text: str) -> list[str]:
    """What stands in `{ word, { word with spaces } }`, as inline: takes it (dict_inline.c)."""
    if not (text.startswith("{") and text.endswith("}")):
        return [text]
    found = words(text[1:-1], ", \t\r\n")
    return [word[1:-1].strip() if word.startswith("{") and word.endswith("}") else word for word in found]
