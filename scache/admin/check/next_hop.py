"""Next hops as a list compares them, and elements of a list that match one. Pure."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Iterator

from scache.admin.check.files import ELSEWHERE, Files
from scache.admin.check.syntax import BYTE_ORDER_MARK
from scache.admin.check.tables import SUFFIXES, TABLE_TYPES, entries, inline_words, lines_of
from scache.admin.configuration import Configuration
from scache.admin.reading import words

__all__ = [
    "bare",
    "commands_for_values",
    "impossible_keys",
    "in_order",
    "is_network",
    "lines_without_value",
    "literal",
    "next_hop",
    "pattern",
    "regular_expression",
    "sockets_of",
    "spelt_out",
    "table_of_nothing",
    "with_bare_keys",
    "with_values",
]

_PORT = r":[A-Za-z0-9_-]+$"


def impossible_keys(table: str, files: Files) -> list[str]:
    """Keys of a table that are no next hop as it is compared."""
    kind = table.partition(":")[0]
    if kind in ("regexp", "pcre"):
        return [line for line in lines_of(table, files) or () if re.search(r"\\\[|:\d\d|@", line.split()[0])]
    if kind == "cidr":
        lines = [line for line in lines_of(table, files) or () if not re.match(r"if\b|endif\b|!", line)]
        return [line.split()[0] for line in lines if not _is_address(line.split()[0])]
    return [key for key in entries(table, files) or () if not _can_match(key)]


def _can_match(key: str) -> bool:
    return not key.startswith(("[", ".", "@", BYTE_ORDER_MARK)) and "*" not in key and _bare_key(key) == key


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def is_network(body: str) -> bool:
    """Whether it is `address/length`."""
    return "/" in body and _is_address(body)


def lines_without_value(table: str, files: Files) -> list[str]:
    """Lines of a table that Postfix leaves out, because nothing stands behind the key."""
    if table.startswith(("cidr:", "regexp:", "pcre:")):
        return []
    return [line.strip() for line in lines_of(table, files) or () if len(line.split()) == 1]


def commands_for_values(table: str, files: Files) -> list[str]:
    """Commands that give the lines of a table that have none a value."""
    kind, _colon, name = table.partition(":")
    name = files.path(name)
    give = shlex.join(["sed", "-i", "-E", r"s/^([^#[:space:]]+)[[:space:]]*$/\1 x/", name])
    return [give, shlex.join(["postmap", f"{kind}:{name}"])] if kind in SUFFIXES else [give]


def with_values(table: str) -> str:
    """An inline table whose entries all have a value; any other as it is."""
    if not table.startswith("inline:"):
        return table
    found = inline_words(table.removeprefix("inline:"))
    mended = ", ".join(f"{{{word if '=' in word else word + '=x'}}}" for word in found)
    return f"inline:{{{mended}}}"


def with_bare_keys(table: str) -> str:
    """An inline table with keys that match; any other as it is."""
    if not table.startswith("inline:"):
        return table
    pairs = entries(table, ELSEWHERE) or {}
    mended = ", ".join(
        f"{{{_bare_key(key.lstrip('.@'))}={value}}}" for key, value in pairs.items() if "*" not in key
    )
    return f"inline:{{{mended}}}"


def in_order(elements: list[str]) -> list[str]:
    """Of several elements for one name the first, which decides; and exclusions before all others.

    `!static:all` is left out, since what nothing matches isn't in the list anyway.
    """
    first: dict[str, str] = {}
    for element in elements:
        first.setdefault(element.lstrip("!").lower(), element)
    wanted = [element for element in first.values() if not element.startswith("!static:")]
    return sorted(wanted, key=lambda element: not element.startswith("!"))


def next_hop(body: str, transports: set[str]) -> str:
    """The next hop as it is compared, of what was written with transport, brackets or port."""
    prefix, colon, rest = body.partition(":")
    if colon and not body.startswith("[") and prefix in transports and not re.fullmatch(r"\d+", rest):
        body = rest
    if body.startswith("unix:"):
        return body[5:]
    body = body.removeprefix("//")  # of a URL
    return _without_prefix(bare(body[5:] if body.startswith("inet:") else body))


def bare(name: str) -> str:
    """A next hop without brackets and port, in lower case."""
    if name.startswith("["):
        return _without_prefix(name[1:].partition("]")[0].lower())
    colons = name.count(":")
    return (re.sub(_PORT, "", name) if colons == 1 else name).lower()


def _bare_key(key: str) -> str:
    return _without_prefix(bare(key))


def _without_prefix(name: str) -> str:
    return name.removeprefix("ipv6:") if name.count(":") > 1 else name


def literal(name: str) -> str:
    """An element that matches this next hop: a table's key, where it would be taken for something else."""
    return f"inline:{{{{{name}=x}}}}" if ":" in name or name.startswith(("/", "!", "[")) else name


def pattern(text: str, release: tuple[int, int]) -> str:
    """An element for a network, or for a domain and all below it: from `.domain` or `*.domain`."""
    domain = text.lstrip("*").lstrip(".")
    if release < (3, 7):
        return "static:all"  # tables of patterns within main.cf came with 3.7
    if is_network(text):
        return f"cidr:{{{{{text} x}}}}"
    if not re.fullmatch(r"[A-Za-z0-9.-]+", domain):
        return "static:all"
    escaped = domain.replace(".", "[.]")
    return f"regexp:{{{{/^(.*[.])?{escaped}$$/ x}}}}"


def regular_expression(text: str, release: tuple[int, int]) -> str | None:
    """The element that was meant by `/expression/` or `regexp:/expression/`; None for another path."""
    expression = text.removeprefix("regexp:").removeprefix("pcre:")
    if release < (3, 7) or not re.fullmatch(r"/.*[\\^$*+|()].*/[imx]*", expression):
        return None
    return f"regexp:{{{{{expression.replace('$', '$$')} x}}}}"


def table_of_nothing(text: str) -> str | None:
    """What was meant by a table without type or name; None to leave it out."""
    kind, _colon, name = text.partition(":")
    if kind == "static":
        return "static:all"
    if name or kind in TABLE_TYPES:
        return literal(text) if name.startswith(":") else None
    return literal(bare(kind)) or None


def spelt_out(text: str, agent: str) -> Iterator[str]:
    """The hosts or domains in an element that is none."""
    for piece in re.split("[;|]", "" if text.startswith("#") else text):
        host = piece.strip(f"\"'<>(){BYTE_ORDER_MARK}").rpartition("@")[2]
        if host.count("[") != host.count("]"):  # those of a list in another language
            host = host.strip("[]")
        host = bare(host.strip("\"'").rstrip("."))
        if re.fullmatch(r"[\w./:-]+", host) and not (agent == "smtp" and "/" in host):
            yield literal(host)


def sockets_of(configuration: Configuration, files: Files) -> list[str]:
    """The sockets that transports are sent to, as lmtp(8) compares them."""
    main = configuration.main()
    hops = [main.text(name) for name in configuration.settings if name.endswith("_transport")]
    for table in words(main.text("transport_maps"), ", \t\r\n"):
        hops += (entries(table, files) or {}).values()
    return [hop.partition("unix:")[2] for hop in hops if re.search(r"(^|:)unix:", hop)]
