"""The kinds of mistake in a list of destinations."""

from __future__ import annotations

from scache.admin.check.finding import Kind, Severity

__all__ = [
    "ADDRESS",
    "BRACKETS",
    "EXCLUSIONS",
    "FATAL",
    "FILE",
    "KEY",
    "KINDS",
    "NO_TABLE",
    "ORDER",
    "TABLE",
    "UNASKED",
    "WILDCARD",
]

FATAL = Kind(
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
BRACKETS = Kind(
    "list-brackets",
    Severity.LESS_REUSE,
    "An element has brackets or a port, and never matches.",
    "The next hop is compared without brackets and port. An IPv6 address has to be the key of a table "
    "then, since "
    "an element with a colon is itself taken for a table.",
    "Leave brackets and port out.",
)
NO_TABLE = Kind(
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
TABLE = Kind(
    "list-table-unusable",
    Severity.LESS_REUSE,
    "A table in the list can't be opened.",
    "The agent logs an error when it starts and `table lookup problem` for each mail. Nothing behind that "
    "element is looked at.",
    "Make the table (`postmap`), or take it out of the list.",
)
KEY = Kind(
    "list-table-key",
    Severity.LESS_REUSE,
    "A table in the list has a key that never matches.",
    "A table is asked for the next hop without brackets and port, once: no parent domain, no wildcard.",
    "Write the key as the next hop is compared; see the other findings about lists.",
)
FILE = Kind(
    "list-file-missing",
    Severity.LESS_REUSE,
    "An element that begins with / names a file that can't be read.",
    "Such an element stands for the lines of that file. Where it can't be read, an error is logged, and "
    "nothing behind it is looked at. "
    "The path of a socket has to be the key of a table.",
    "Make the file, or take it out of the list; for a socket `inline:{{/path=x}}`.",
)
WILDCARD = Kind(
    "list-wildcard",
    Severity.LESS_REUSE,
    "An element is a pattern, and never matches.",
    "The list is one of plain strings: `*`, `*.example.com`, `.example.com` and `all` are compared letter "
    "by letter with the next hop.",
    "`static:all` for every destination, a `regexp:` table for a domain and what is below it, or each "
    "domain by name.",
)
ADDRESS = Kind(
    "list-address",
    Severity.LESS_REUSE,
    "An element is no next hop, and never matches.",
    "What is compared is the next hop: a domain, host or address, without user and trailing dot. A comment "
    "is no comment here.",
    "Give the domain or host.",
)
EXCLUSIONS = Kind(
    "list-only-exclusions",
    Severity.LESS_REUSE,
    "All elements of the list are exclusions, so it matches nothing.",
    "The first element that matches decides, and what no element matches isn't in the list.",
    "Put `static:all` behind the exclusions.",
)
ORDER = Kind(
    "list-order",
    Severity.LESS_REUSE,
    "An element stands behind one that matches all it could match.",
    "The first element that matches decides. An exclusion behind `static:all`, or behind the same name, "
    "excludes nothing.",
    "Put exclusions first.",
)
UNASKED = Kind(
    "list-unasked",
    Severity.LESS_REUSE,
    "No mail is sent to what the list has.",
    "Compared is the next hop: with a `relayhost`, or a transport table that names a host, the host that is "
    "named there; not the domain of the recipient, nor a mail server that DNS has for a domain, nor an "
    "address of it. Of several next hops in a row, and of `smtp_fallback_relay` behind them, only the first "
    "is compared, and what the list says of it counts for all.",
    "Name the relay as `relayhost` or the table does, without brackets and port.",
)
KINDS = (FATAL, BRACKETS, NO_TABLE, TABLE, KEY, FILE, WILDCARD, ADDRESS, EXCLUSIONS, ORDER, UNASKED)
