"""Findings about the log: whether what the cache says arrives anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration, Effective

__all__ = ["KINDS", "Syslog", "find", "machine_syslog"]

_LOG_SOCKET = Path("/dev/log")
#: Where systemd holds the log socket: it stays the same through restarts of the logging service.
_HELD_BY_SYSTEMD = "/run/systemd/"

_CHROOT = Kind(
    "chroot-without-log-socket",
    Severity.NO_LOG,
    "The cache runs in a chroot that has no log socket.",
    "The daemon opens the log before the chroot, but can't open it again when syslogd has restarted: from "
    "then on nothing is logged. "
    "Where systemd holds the socket this can't happen.",
    "Have syslogd listen in `queue_directory`/dev/log too, or take the service out of the chroot.",
)
_PREFIX = Kind(
    "maillog-file-prefix",
    Severity.STOPS_MAIL,
    "maillog_file is at a place where Postfix doesn't write.",
    "Each program ends at its start with `fatal: maillog_file value ... does not match any prefix in "
    "maillog_file_prefixes`.",
    "Add a prefix to `maillog_file_prefixes`.",
)
KINDS = (_CHROOT, _PREFIX)


class Syslog:
    """The machine's syslog. inside: whether there is a log socket in the chroot."""

    def __init__(self, *, may_restart: bool, inside: bool) -> None:
        self.may_restart = may_restart
        self.inside = inside


def find(configuration: Configuration, syslog: Syslog | None) -> Iterator[Finding]:
    """The findings. syslog: None where the machine isn't this one, or has none."""
    main = configuration.main()
    file, prefixes = main.text("maillog_file"), main.text("maillog_file_prefixes")
    if file and not any(file.startswith(prefix) for prefix in prefixes.replace(",", " ").split()):
        directory = file.rpartition("/")[0] or "/"
        cure = configuration.postconf("-e", f"maillog_file_prefixes={prefixes}, {directory}")
        said = f"matches no prefix in maillog_file_prefixes = {prefixes}"
        yield _PREFIX.found("maillog_file", file, said, main.place("maillog_file"), [cure])
    if file or syslog is None or not syslog.may_restart or syslog.inside:
        return
    names = {
        Effective(configuration, agent).text("connection_cache_service_name")
        for agent in configuration.agents
    }
    for service in configuration.effective_services():
        if service.name in names and service.chroot == "y":
            said = "has chroot = y without dev/log in it: nothing is logged once syslogd has restarted"
            cure = configuration.postconf("-F", f"{service.id}/chroot=n")
            yield _CHROOT.found(service.id, "", said, service.place, [cure])


def machine_syslog(configuration: Configuration, socket: Path = _LOG_SOCKET) -> Syslog | None:
    """The syslog of this machine, None where there is no log socket."""
    if not socket.exists():
        return None
    inside = Path(configuration.main().text("queue_directory"), "dev/log").exists()
    return Syslog(may_restart=not str(socket.resolve()).startswith(_HELD_BY_SYSTEMD), inside=inside)
