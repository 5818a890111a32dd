"""What has become of mails, as a log says it: delivered, with how many uses of a connection, or not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from conformance.lab.instance.maillog import MailLog
from scache.admin.check.finding import Finding
from tests.admin.check.planted import found

__all__ = ["FEW_USES", "IMPATIENT", "NOT_DELIVERED", "PATIENCE", "Deliveries", "Harm", "wrong"]

#: main.cf of a Postfix that defers and throttles for a second only.
IMPATIENT = {
    "default_destination_concurrency_limit": "1",
    "transport_retry_time": "1s",
    "service_throttle_time": "1s",
    "tlsproxy_client_security_level": "may",
    "connection_cache_ttl_limit": "10s",
    "smtp_connection_cache_time_limit": "10s",
    "lmtp_connection_cache_time_limit": "10s",
}
PATIENCE = 150.0  # seconds: a mail that is skipped at a reload is looked at a minute later


class Harm(Enum):
    """What becomes of mails to one destination."""

    WAITS = "neither delivered nor deferred, while others are"
    STOPS = "deferred"
    ONE_USE = "delivered, each over a connection of its own"
    TWO_USES = "delivered, two over a connection"
    REUSE = "delivered, more than two over a connection"


FEW_USES = (Harm.ONE_USE, Harm.TWO_USES)
NOT_DELIVERED = {Harm.WAITS, Harm.STOPS}


class Deliveries:
    """What has become of the mails to each domain, from a log that goes on."""

    def __init__(self, log: MailLog, mails: Mapping[str, int]) -> None:
        self.log = log
        self._mails = dict(mails)
        self._about: dict[str, list[str]] = defaultdict(list)
        self._read = 0

    def harm(self, domain: str) -> Harm:
        """What has become of the mails to a domain so far."""
        for line in self.log.lines[self._read :]:
            self._read += 1
            if match := re.search(r"to=<[^@]*@([^>]*)>.* status=", line):
                self._about[match[1]].append(line)
        sent = [line for line in self._about[domain] if "status=sent" in line]
        if len(sent) < self._mails[domain]:
            return Harm.STOPS if self._about[domain] and not sent else Harm.WAITS
        most = max(int(match[1]) if (match := re.search(r"conn_use=(\d+)", line)) else 1 for line in sent)
        return Harm.ONE_USE if most == 1 else Harm.TWO_USES if most == 2 else Harm.REUSE

    def more(self, domain: str, mails: int) -> None:
        """So many mails more are on their way to the domain."""
        self._mails[domain] += mails

    def wait_for(self, domains: list[str], unknown: set[Harm], patience: float = PATIENCE) -> None:
        """Until all that is known of each domain is something else, or the time is up."""
        self.log.wait_until(
            lambda _tally: all(self.harm(domain) not in unknown for domain in domains), patience
        )


def wrong(directory: Path) -> list[Finding]:
    """What is found, but for the log, which is the lab's own."""
    return [finding for finding in found(directory) if not finding.kind.id.startswith("postlog")]
