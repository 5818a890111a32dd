"""The parts that services of master.cf play in a delivery, and what can be wrong with each."""

from __future__ import annotations

from dataclasses import dataclass

from scache.admin.check.finding import Kind, Severity

__all__ = [
    "AGENT",
    "BY_FAULT",
    "CACHE",
    "CACHE_PROGRAMS",
    "KINDS",
    "POSTLOG",
    "PROXYMAP",
    "TLSMGR",
    "TLSPROXY",
    "Role",
]

CACHE_PROGRAMS = ("scache", "scache-python")


@dataclass(frozen=True)
class Role:
    """A part in the delivery that a service of master.cf plays."""

    name: str
    severity: Severity
    programs: tuple[str, ...]
    type: str
    private: bool
    process_limit: str | None
    """What the program demands; None for any."""
    without: str
    """What happens without it."""


CACHE = Role(
    "cache",
    Severity.CACHE_OFF,
    CACHE_PROGRAMS,
    "unix",
    True,
    "1",
    "Delivery agents find no cache: each loses time over it, logs `problem talking to service "
    "private/scache` and then `disabling connection "
    "caching`. No connection is reused. Where the program is there but ends at each start, that takes some "
    "25 seconds for each agent.",
)
TLSPROXY = Role(
    "tlsproxy",
    Severity.STOPS_MAIL,
    ("tlsproxy",),
    "unix",
    True,
    "0",
    "With `smtp_tls_connection_reuse = yes` each TLS session is begun by tlsproxy(8). Without it, mail is "
    "deferred (`connect to private/tlsproxy "
    "service: No such file or directory`, `4.7.5 Cannot start TLS`): for good where TLS is demanded; where "
    "it is optional, the second try goes out in clear text.",
)
TLSMGR = Role(
    "tlsmgr",
    Severity.STOPS_MAIL,
    ("tlsmgr",),
    "unix",
    True,
    "1",
    "tlsmgr(8) gives the programs that talk TLS their randomness and their session keys. Without it they "
    "disable TLS: mail that demands it is deferred.",
)
POSTLOG = Role(
    "postlog",
    Severity.NO_LOG,
    ("postlogd",),
    "unix-dgram",
    False,
    "1",
    "With `maillog_file` set all programs log through postlogd(8). Without it nothing is logged, and "
    "`postfix start` refuses to start.",
)
PROXYMAP = Role(
    "proxymap",
    Severity.STOPS_MAIL,
    ("proxymap",),
    "unix",
    True,
    None,
    "A table whose name begins with `proxy:` is asked by proxymap(8). Without it the program that needs the "
    "answer tries again and again (`connect #1 to subsystem private/proxymap: No such file or directory`), "
    "and the mail that it has is neither delivered nor deferred.",
)
AGENT = Role(
    "agent",
    Severity.STOPS_MAIL,
    ("smtp", "lmtp"),
    "unix",
    True,
    None,
    "The queue manager hands mail to the delivery agent at `private/NAME`. Without it all mail of that "
    "transport is deferred.",
)
_ROLES = (CACHE, TLSPROXY, TLSMGR, POSTLOG, PROXYMAP, AGENT)
_NAMES = {
    "cache": "the connection cache",
    "tlsproxy": "tlsproxy(8)",
    "tlsmgr": "tlsmgr(8)",
    "postlog": "postlogd(8)",
    "proxymap": "proxymap(8)",
    "agent": "a delivery agent",
}
_TWICE = (
    "master(8) uses the last entry and warns: `duplicate master.cf entry for service ... -- using the last "
    "entry`. What the earlier ones say, options included, doesn't count."
)
_HANGS = (
    "master(8) listens, but what it starts ends at once, and is started again later (`bad command startup -- "
    "throttling`). Whoever asks waits, and the mail that it has is neither delivered nor deferred."
)
#: What can be wrong with a service: title, and the cure in general.
_FAULTS = {
    "missing": (
        "{} is needed, but master.cf has no such service.",
        "Add the entry, or name another service.",
    ),
    "commented-out": ("{} is needed, but its entry is a comment.", "Take the # away."),
    "switched-off": (
        "{} is switched off by master_service_disable.",
        "Take the element out of the list; a `!` exempts a service.",
    ),
    "twice": ("{} has more than one entry.", "Keep one, with the fields and options that are wanted."),
    "type": ("{} is a service of the wrong type.", "Give the entry its type back."),
    "private": (
        "{} has the wrong private flag, so that its socket isn't where it is looked for.",
        "Set the flag.",
    ),
    "process-limit": ("{} has a process limit that its program refuses.", "Set the limit."),
    "name": (
        "{} is asked under a name that it refuses to be called by.",
        "Have the parameter back at its default.",
    ),
    "program": ("The entry for {} runs another program.", "Have it run the program that belongs there."),
    "program-missing": (
        "The program of {} is not in daemon_directory, or may not be executed.",
        "Install it, or name the right one; `chmod a+x`.",
    ),
}


def _kind(role: Role, fault: str) -> Kind:
    title, cure = _FAULTS[fault]
    severity = Severity.NOTE if fault == "twice" else role.severity
    if role is POSTLOG and fault in ("missing", "commented-out", "type"):
        severity = Severity.STOPS_MAIL  # postfix-script(1) refuses to start
    text = title.format(_NAMES[role.name])
    why = _TWICE if fault == "twice" else role.without
    if role in (TLSPROXY, TLSMGR) and fault in ("process-limit", "program", "program-missing"):
        why = _HANGS
    return Kind(f"{role.name}-{fault}", severity, text[0].upper() + text[1:], why, cure)


#: Role and fault -> the kind of finding.
BY_FAULT = {
    (role.name, fault): _kind(role, fault)
    for role in _ROLES
    for fault in _FAULTS
    if (role.process_limit or fault != "process-limit")
    and (role is PROXYMAP or fault != "name")
    and (role is not AGENT or fault != "program")
}
KINDS = tuple(BY_FAULT.values())
