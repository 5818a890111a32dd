"""Next hops as a list compares them, and elements of a list that match one. Pure."""

from __future__ import annotations

import re

from scache.admin.check.files import ELSEWHERE
from scache.admin.check.tables import entries

__all__ = ["bare", "below", "can_match", "in_order", "literal", "next_hop", "with_bare_keys"]

_PORT = r":[A-Za-z0-9_-]+$"


def can_match(key: str) -> bool:
    """Whether the key of a table can be a next hop as it is compared."""
    return not key.startswith(("[", ".", "@")) and "*" not in key and bare(key) == key


def with_bare_keys(table: str) -> str:
    """An inline table with keys that match; any other as it is."""
    if not table.startswith("inline:"):
        return table
    pairs = entries(table, ELSEWHERE) or {}
    mended = ", ".join(
        f"{{{bare(key.lstrip('.@'))}={value}}}" for key, value in pairs.items() if "*" not in key
    )
    return f"inline:{{{mended}}}"


def in_order(elements: list[str]) -> list[str]:
    """Of several elements for one name the first, which decides; and exclusions before all others."""
    first: dict[str, str] = {}
    for element in elements:
        first.setdefault(element.lstrip("!").lower(), element)
    return sorted(first.values(), key=lambda element: not element.startswith("!"))


def next_hop(body: str, transports: set[str]) -> str:
    """The next hop as it is compared, of what was written with transport, brackets or port."""
    prefix, colon, rest = body.partition(":")
    if colon and not body.startswith("[") and prefix in transports and not re.fullmatch(r"\d+", rest):
        body = rest
    if body.startswith("unix:"):
        return body[5:]
    return bare(body[5:] if body.startswith("inet:") else body)


def bare(name: str) -> str:
    """A next hop without brackets and port, in lower case."""
    if name.startswith("["):
        return name[1:].partition("]")[0].lower()
    colons = name.count(":")
    return (re.sub(_PORT, "", name) if colons == 1 else name).lower()


def literal(name: str) -> str:
    """An element that matches this next hop: a table's key, where it would be taken for something else."""
    return f"inline:{{{{{name}=x}}}}" if ":" in name or name.startswith(("/", "!", "[")) else name


def below(pattern: str, release: tuple[int, int]) -> str:
    """An element for a domain and all below it, from `.domain` or `*.domain`."""
    domain = pattern.lstrip("*").lstrip(".")
    if release < (3, 7) or not re.fullmatch(r"[A-Za-z0-9.-]+", domain):
        return "static:all"  # tables of patterns within main.cf came with 3.7
    escaped = domain.replace(".", "[.]")
    return f"regexp:{{{{/^(.*[.])?{escaped}$$/ x}}}}"
