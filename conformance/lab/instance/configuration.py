"""main.cf and master.cf of a private instance, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["LOG_SERVICE", "CacheEntry", "Directories", "main_cf", "master_cf"]

LOG_SERVICE = "lab-log"
"""Name of the lab's own log socket in the queue directory's `public`, instead of `postlog`."""
SERVICES = """\
pickup     unix       n - n 60 1  pickup
cleanup    unix       n - n - 0   cleanup
qmgr       unix       n - n 300 1 qmgr
tlsmgr     unix       - - n 1000? 1 tlsmgr
tlsproxy   unix       - - n - 0   tlsproxy
rewrite    unix       - - n - -   trivial-rewrite
bounce     unix       - - n - 0   bounce
defer      unix       - - n - 0   bounce
trace      unix       - - n - 0   bounce
proxymap   unix       - - n - -   proxymap
smtp       unix       - - n - -   smtp
lmtp       unix       - - n - -   lmtp
discard    unix       - - n - -   discard
retry      unix       - - n - -   error
error      unix       - - n - -   error
anvil      unix       - - n - 1   anvil
flush      unix       n - n 1000? 0 flush
showq      unix       n - n - -   showq
postlog    unix-dgram n - n - 1   postlogd
"""


@dataclass(frozen=True, slots=True)
class Directories:
    """The private directories of one instance."""

    config: Path
    queue: Path
    data: Path
    program: Path
    """Programs of the lab's own that master.cf names."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """master.cf's entry for the connection cache, and the name that smtp(8) asks for."""

    command: str = "scache"
    service: str = "scache"
    chroot: bool = False
    asked_for: str | None = None
    """connection_cache_service_name, where something stands in front of the service."""


def main_cf(directories: Directories, cache: CacheEntry, parameters: Mapping[str, str]) -> str:
    """main.cf of an instance that listens on loopback alone and asks no name server."""
    settings = {
        "config_directory": str(directories.config),
        "queue_directory": str(directories.queue),
        "data_directory": str(directories.data),
        "maillog_file": "/dev/stdout",
        "postlog_service_name": LOG_SERVICE,
        "myhostname": "lab.example",
        "mydestination": "",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
        "default_transport": "error:no such destination in the lab",
        "smtpd_peername_lookup": "no",
        "smtpd_client_connection_count_limit": "0",
        "in_flow_delay": "0",
        "fast_flush_domains": "",
        "smtp_dns_support_level": "disabled",
        "smtp_host_lookup": "native",
        "lmtp_host_lookup": "native",
        "connection_cache_service_name": cache.asked_for or cache.service,
        "minimal_backoff_time": "1s",
        "maximal_backoff_time": "1s",
        "queue_run_delay": "1s",
        "smtp_connection_cache_destinations": "static:all",
        "lmtp_connection_cache_destinations": "static:all",
        "default_destination_concurrency_limit": "2",
        **parameters,
    }
    return "".join(f"{name} = {value}\n" for name, value in settings.items())


def master_cf(submission: str, cache: CacheEntry) -> str:
    """master.cf with smtpd(8) at submission (`address:port`) and the connection cache as told."""
    chroot = "y" if cache.chroot else "n"
    return (
        f"{submission} inet n - n - - smtpd\n"
        f"{SERVICES}"
        f"{cache.service} unix - - {chroot} - 1 {cache.command}\n"
    )
