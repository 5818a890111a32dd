"""main.cf and master.cf of the private instance: what counts for one delivery, and little else. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scache.admin.check.roles import CACHE_PROGRAMS
from scache.admin.configuration import Configuration, Effective, Service

__all__ = ["Private", "Way", "private"]

#: What is taken over: parameters by the beginnings of their names; `T_` is the transport's.
_TAKEN = ("smtp_", "lmtp_", "tls_", "tlsproxy_", "connection_", "scache_", "default_destination_", "T_")
_ALSO = frozenset(
    (
        *("compatibility_level", "mail_version", "daemon_directory", "mail_owner", "setgid_group"),
        *("inet_protocols", "myhostname", "mydomain", "myorigin", "default_process_limit"),
        *("default_transport_rate_delay", "ipc_timeout", "max_idle", "max_use"),
    )
)
#: Security levels that ask who the other side is, which a private server can't prove.
_VERIFYING = ("dane", "dane-only", "fingerprint", "verify", "secure")
#: name, type, private, limit, program of what it takes besides.
_STOCK = """\
pickup unix n 1 pickup
cleanup unix n 0 cleanup
qmgr unix n 1 qmgr
rewrite unix - - trivial-rewrite
bounce unix - 0 bounce
defer unix - 0 bounce
trace unix - 0 bounce
retry unix - - error
error unix - - error
proxymap unix - - proxymap
anvil unix - 1 anvil
showq unix n - showq
flush unix n 0 flush
postlog unix-dgram n 1 postlogd
"""
_SUBMISSION = "127.0.0.1:10025"


@dataclass(frozen=True)
class Way:
    """A delivery to be tried. policy: the TLS policy that a table has for it, None where none has."""

    transport: str
    next_hop: str
    policy: str | None


@dataclass(frozen=True)
class Private:
    """Text of the two files, and where mail is handed in (`address:port`)."""

    main_cf: str
    master_cf: str
    submission: str = _SUBMISSION


def private(configuration: Configuration, service: Service, way: Way, base: str) -> Private:
    """The instance for one way, in the directory `base`."""
    main = configuration.main()
    settings = {
        name: main.text(name).replace("$", "$$")
        for name in configuration.settings
        if name in _ALSO or name.startswith(tuple(each.replace("T_", f"{way.transport}_") for each in _TAKEN))
    }
    forced = _forced(service, way, base)
    lines = {**settings, **forced}
    for each in (f"{service.agent}_tls_policy_maps", "smtp_tls_policy_maps"):
        if each in settings:  # where it was set it stays so: tlsproxy(8) goes by that
            lines[each] = _policy(way)
    mapped = {
        name: _level(value) if name.endswith("tls_security_level") else value for name, value in lines.items()
    }
    return Private(
        "".join(f"{name} = {value}\n" for name, value in mapped.items()),
        "".join(_services(configuration, service, way, set(forced))),
    )


def _forced(service: Service, way: Way, base: str) -> dict[str, str]:
    """What makes it private: directories, one route, names from the hosts file, no other program asked."""
    return {
        "config_directory": f"{base}/config",
        "queue_directory": f"{base}/queue",
        "data_directory": f"{base}/data",
        "maillog_file": f"{base}/maillog",
        "maillog_file_prefixes": base,
        "syslog_name": "postfix",
        "inet_interfaces": "127.0.0.1",
        "mynetworks": "127.0.0.0/8",
        "mydestination": "",
        "alias_maps": "",
        "local_recipient_maps": "",
        "smtpd_peername_lookup": "no",
        "transport_maps": f"static:{way.transport}:{way.next_hop}",
        f"{service.agent}_host_lookup": "native",
        f"{service.agent}_dns_support_level": "disabled",
        f"{service.agent}_generic_maps": "",
        f"{service.agent}_header_checks": "",
    }


def _policy(way: Way) -> str:
    return f"static:{_level(way.policy)}" if way.policy else "inline:{{nobody.invalid=none}}"


def _level(policy: str) -> str:
    level, *rest = policy.split() or [""]
    return "encrypt" if level.lower() in _VERIFYING else " ".join([level, *rest])


def _services(configuration: Configuration, service: Service, way: Way, forced: set[str]) -> list[str]:
    lines = [f"{_SUBMISSION} inet n - n - - smtpd\n"]
    for line in _STOCK.splitlines():
        name, type_, flag, limit, program = line.split()
        lines.append(f"{name} {type_} {flag} - n - {limit} {program}\n")
    lines.append(_entry(configuration, service, way, forced))
    for each in configuration.services or ():
        program = each.program.rpartition("/")[2]
        if program in (*CACHE_PROGRAMS, "tlsproxy", "tlsmgr"):
            lines.append(_entry(configuration, each, way, forced))
    return lines


def _entry(configuration: Configuration, service: Service, way: Way, forced: set[str]) -> str:
    """An entry as it is, outside a chroot, with its `-o` options as they come out."""
    effective = Effective(configuration, service)
    options = ""
    for name in service.overrides:
        if name in forced:
            continue
        value = effective.text(name)
        if name.endswith("tls_policy_maps"):
            value = _policy(way)
        elif name.endswith("tls_security_level"):
            value = _level(value)
        options += f" -o {{ {name} = {value.replace('$', '$$')} }}"
    return f"{service.fields(chroot='n')}{options}\n"
