"""Lookup tables, as far as one can tell without Postfix whether they can be opened."""

from __future__ import annotations

from scache.admin.check.files import Files
from scache.admin.reading import words
from scache.config.main_cf import logical_lines

__all__ = ["REMOTE_TYPES", "SUFFIXES", "TABLE_TYPES", "entries", "fault_of_table"]

#: What postmap(1) makes of a file, by type of table.
SUFFIXES = {
    "hash": ".db",
    "btree": ".db",
    "dbm": ".pag",
    "sdbm": ".pag",
    "cdb": ".cdb",
    "lmdb": ".lmdb",
}
_PLAIN = ("texthash", "cidr", "regexp", "pcre")
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


def fault_of_table(table: str, known_types: frozenset[str] | None, files: Files) -> str | None:
    """Why `type:name` can't be opened, None where nothing is known against it.

    known_types: those that this release was built with, None where that isn't known.
    """
    kind, _colon, name = table.partition(":")
    if known_types is not None and kind not in known_types:
        return f"this Postfix has no tables of the type {kind}"
    if name.startswith("{") or kind not in (*SUFFIXES, *_PLAIN):
        return None
    path = name + SUFFIXES.get(kind, "")
    if not files.is_missing(path):
        return None
    made = kind in SUFFIXES and not files.is_missing(name)
    return f"{path} is not there, and has to be made of {name}" if made else f"{path} is not there"


def entries(table: str, files: Files) -> dict[str, str] | None:
    """Keys and values of a table whose text is at hand; None for one that only Postfix could ask.

    For an indexed file this is the text that it was made of.
    """
    kind, _colon, name = table.partition(":")
    if kind == "inline":
        return _inline(name)
    if kind not in ("texthash", *SUFFIXES):
        return None
    content = files.read(name)
    if content is None:
        return None
    pairs = (line.split(None, 1) for _number, line in logical_lines(content, lambda _stray: None))
    return {pair[0].lower(): pair[1].strip() for pair in pairs if len(pair) > 1}


def _inline(text: str) -> dict[str, str] | None:
    """`{ key=value, { key = text with spaces } }` (dict_inline.c)."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    found = {}
    for word in words(text[1:-1], ", \t\r\n"):
        if word.startswith("{") and word.endswith("}"):
            word = word[1:-1].strip()
        key, equals, value = word.partition("=")
        if not equals:
            return None
        found[key.strip().lower()] = value.strip()
    return found
