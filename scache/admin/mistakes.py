"""The classic mistakes that make a connection cache useless: what to look at, and what to set instead."""

from __future__ import annotations

from pathlib import Path

from scache.checking import TYPE_CHECKING
from scache.config.values import seconds

if TYPE_CHECKING:
    from scache.admin.instance import PostfixInstance

__all__ = ["mistakes"]

_LOG_SOCKET = Path("/dev/log")
#: Where systemd holds the log socket: it stays the same through restarts of the logging service.
_HELD_BY_SYSTEMD = "/run/systemd/"


class _Agent:
    """A delivery agent service that uses the cache: its name in master.cf, and smtp or lmtp."""

    def __init__(self, instance: PostfixInstance, service: str, program: str) -> None:
        self._instance = instance
        self._overrides = instance.overrides(service)
        self._service = service
        self._program = program

    def value(self, name: str) -> str:
        """Value of PROGRAM_name for this service; empty where this release has no such parameter."""
        full = f"{self._program}_{name}"
        override = self._overrides.get(full)
        return self._instance.values(full).get(full, "") if override is None else override

    def parameter(self, name: str) -> str:
        """How a person finds the parameter."""
        full = f"{self._program}_{name}"
        return f"{full} (master.cf, {self._service})" if full in self._overrides else full

    @property
    def uses_tls(self) -> bool:
        """Whether it may talk TLS."""
        return (
            self.value("tls_security_level") not in ("", "none")
            or self.value("use_tls") == "yes"
            or self.value("enforce_tls") == "yes"
        )

    @property
    def uses_cache(self) -> bool:
        """Whether it looks for connections in the cache at all."""
        return self.value("connection_cache_on_demand") == "yes" or bool(
            self.value("connection_cache_destinations")
        )


def mistakes(instance: PostfixInstance, service: str, log_socket: Path = _LOG_SOCKET) -> list[str]:
    """A line for each: the parameter, its value, why it matters, and what to set.

    service: the cache's, as `name/type`. log_socket: that of the machine's syslog daemon.
    """
    entry = instance.entry(service)
    if entry is None:
        name = service.partition("/")[0]
        return [
            f"connection_cache_service_name = {name}: master.cf has no such service, so nothing is cached; "
            "set it to the name of the cache's service (scache)"
        ]
    found = _capped_time_limits(instance, service)
    for agent in _agents(instance):
        if agent.uses_cache:
            found += _tls_without_reuse(agent)
            found += _destinations_that_never_match(agent)
    if entry.chroot == "y":
        found += _chroot_without_log_socket(instance, service, log_socket)
    return list(dict.fromkeys(found))


def _agents(instance: PostfixInstance) -> list[_Agent]:
    agents = []
    for service in instance.services():
        entry = instance.entry(service)
        if entry is not None and entry.program in ("smtp", "lmtp"):
            agents.append(_Agent(instance, service, entry.program))
    return agents


def _capped_time_limits(instance: PostfixInstance, service: str) -> list[str]:
    """scache shortens a longer time to live without a word."""
    limit = instance.overrides(service).get("connection_cache_ttl_limit")
    if limit is None:
        limit = instance.value("connection_cache_ttl_limit")
    longest = seconds(limit)
    found = []
    for agent in _agents(instance):
        value = agent.value("connection_cache_time_limit")
        wanted = seconds(value)
        if longest is not None and wanted is not None and wanted > longest:
            found.append(
                f"{agent.parameter('connection_cache_time_limit')} = {value}: shortened to {limit} without a "
                f"word by connection_cache_ttl_limit = {limit}; set connection_cache_ttl_limit = {value}"
            )
    return found


def _tls_without_reuse(agent: _Agent) -> list[str]:
    """A TLS session can't be handed from process to process, but for tlsproxy(8)'s."""
    if not agent.uses_tls or agent.value("tls_connection_reuse") in ("yes", ""):
        return []
    parameter = agent.parameter("tls_connection_reuse")
    return [
        f"{parameter} = no: connections with TLS are never cached "
        f"({agent.parameter('tls_security_level')} = {agent.value('tls_security_level')}); "
        f"set {parameter.partition(' ')[0]} = yes"
    ]


def _destinations_that_never_match(agent: _Agent) -> list[str]:
    """Destinations are compared without brackets and port."""
    parameter = agent.parameter("connection_cache_destinations")
    return [
        f"{parameter} = {name}: never matches, because destinations are compared without brackets and port; "
        f"set {_bare(name)}"
        for name in agent.value("connection_cache_destinations").replace(",", " ").split()
        if _bare(name) != name
    ]


def _bare(name: str) -> str:
    """A destination without brackets and port. Tables (hash:/file, tcp:host:port) stay as they are."""
    host, _colon, port = name.rpartition(":")
    if port.isdecimal() and (host.startswith("[") or ":" not in host) and host:
        name = host
    return name[1:-1] if name.startswith("[") and name.endswith("]") else name


def _chroot_without_log_socket(instance: PostfixInstance, service: str, log_socket: Path) -> list[str]:
    """The daemon opens the log before the chroot, but can't open it again when syslogd restarts."""
    inside = Path(instance.value("queue_directory"), "dev/log")
    if instance.value("maillog_file") or inside.exists() or not log_socket.exists():
        return []
    if str(log_socket.resolve()).startswith(_HELD_BY_SYSTEMD):
        return []
    return [
        f"chroot = y (master.cf, {service}): there is no log socket at {inside}, so nothing is logged once "
        f"syslogd has restarted; have syslogd listen there too, or set chroot = n"
    ]
