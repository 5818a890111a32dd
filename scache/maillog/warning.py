"""What goes wrong around a connection cache as its clients, master(8) and the cache itself log it: what each
kind of line means, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scache.maillog.line import Line

__all__ = ["WARNINGS", "Warned", "warned"]

_CLIENTS = ("smtp", "lmtp")
_SERIOUS = ("warning: ", "fatal: ", "panic: ")


@dataclass(frozen=True, slots=True)
class Warned:
    """A kind of line. name: for the report. processes: who writes it. meaning, cure: for whoever reads it."""

    name: str
    processes: Sequence[str]
    pattern: re.Pattern[str]
    meaning: str
    cure: str


WARNINGS = (
    Warned(
        "cache-given-up",
        _CLIENTS,
        re.compile(r"warning: disabling connection caching"),
        "A delivery agent has asked in vain too often, and opens a connection for each mail until it ends.",
        "`scache check` says why the cache doesn't answer.",
    ),
    Warned(
        "cache-lost",
        _CLIENTS,
        re.compile(r"warning: problem talking to service (\S*/)?[^:/]*scache[^:/]*: "),
        "The cache ended while an agent waited for its answer; the agent asks again a second later.",
        "A few after each `postfix reload` are usual: reload less often. Without reloads: `scache check`.",
    ),
    Warned(
        "session-not-saved",
        _CLIENTS,
        re.compile(r"warning: \w+: descriptor save failed with status"),
        "The cache has refused a connection, so it was closed.",
        "The cache's own warning says which limit was met (scache_cache_size_limit, open files).",
    ),
    Warned(
        "descriptor-lost",
        _CLIENTS,
        re.compile(r"warning: .*(receive|receiving|send|receiving) file descriptor"),
        "A connection didn't come through between agent and cache.",
        "Where the cache is another build than the agents, see `scache_write_wait` and `scache_read_wait`; "
        "else look for used-up descriptors (`ulimit -n`) and for AppArmor or SELinux in the kernel's log.",
    ),
    Warned(
        "session-not-understood",
        _CLIENTS,
        re.compile(r"warning: .*bad cached session attribute"),
        "What an agent has saved about a connection another one can't read: agents of different releases "
        "share a cache.",
        "Stop and start Postfix after an upgrade instead of reloading it.",
    ),
    Warned(
        "tls-proxy-missing",
        _CLIENTS,
        re.compile(r"warning: connect to \S*tlsproxy\S* service"),
        "Connections with TLS are only kept by way of tlsproxy(8), which can't be reached.",
        "Have `tlsproxy/unix` in master.cf, or set `smtp_tls_connection_reuse = no`.",
    ),
    Warned(
        "cache-ended",
        ("master",),
        re.compile(r"warning: process \S*scache\S* pid \d+ (killed|exit)"),
        "The cache was killed or has failed; all that was cached is lost.",
        "The cache's own lines before it say why; signal 9 may be the kernel, out of memory.",
    ),
    Warned(
        "cache-not-started",
        ("master",),
        re.compile(r"warning: \S*scache\S*: bad command startup -- throttling"),
        "The cache ends each time that it is started; agents wait for it, and mail is late.",
        "`scache check`; the line before it with `fatal:` says what is wrong.",
    ),
    Warned(
        "cache-can't-start",
        ("scache",),
        re.compile(r"(fatal|panic): "),
        "The cache has ended for this reason.",
        "Mend what the line says; `scache check` looks at the parameters.",
    ),
    Warned(
        "cache-full",
        ("scache",),
        re.compile(r"warning: (too many sessions|no room for|clients wait|client closed): ?"),
        "A bound of this project's daemon was met: something was closed or refused.",
        "If that many are real, raise the parameter that the line names.",
    ),
    Warned(
        "descriptors-used-up",
        ("scache",),
        re.compile(r"(warning|fatal): accept connection: Too many open files"),
        "The cache had no descriptor left, and took no client for a moment (Postfix's ends).",
        "Raise the limit of open files, or lower `connection_cache_ttl_limit`, so that fewer are cached.",
    ),
    Warned(
        "not-the-protocol",
        ("scache",),
        re.compile(
            r"warning: (unrecognized request|unexpected attribute|missing attribute|malformed numerical)"
        ),
        "Something that is no delivery agent talks to the cache's socket, or agents of before 3.6.",
        "Look who opens the socket; for agents of before 3.6 set `scache_announce = no`.",
    ),
)


def warned(line: Line) -> Warned | None:
    """The kind of a line, None where it is none of these."""
    if not line.text.startswith(_SERIOUS):
        return None
    for kind in WARNINGS:
        if line.process in kind.processes and kind.pattern.match(line.text):
            return kind
    return None
