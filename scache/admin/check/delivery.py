"""`scache check DESTINATION`: whether a delivery would reuse a connection, by which key, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Severity
from scache.admin.check.match_list import elements
from scache.admin.check.next_hop import bare
from scache.admin.check.reuse import seconds_in_cache
from scache.admin.check.route import Lookup, Route, deciding, look_up_first, route
from scache.admin.check.tls_use import tls_of
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.reading import words
from scache.errors import UnavailableError, UsageError

__all__ = ["Delivery", "deliver"]

#: Characters of a destination; a mail address has 320 at most.
_LONGEST = 1000


@dataclass(frozen=True)
class Delivery:
    """What would become of a delivery."""

    is_reused: bool
    """Whether a connection could be reused, if only under load."""
    lines: tuple[str, ...]
    """What was looked at, and what follows, in order."""
    service: Service | None = None
    """The delivery agent that would carry it out, None where none would."""
    next_hop: str = ""
    policy: str | None = None
    """The TLS policy that a table has for it."""


def deliver(
    configuration: Configuration, destination: str, look_up: Lookup, files: Files, found: list[Finding]
) -> Delivery:
    """What would become of mail for a domain, a mail address, or `transport:nexthop`.

    found: all findings of the configuration. Raises UnavailableError where a table can't be asked,
    UsageError for a destination that is too long to be one.
    """
    if len(destination) > _LONGEST:
        raise UsageError(f"DESTINATION: {destination[:40]}...: longer than {_LONGEST} characters")
    way = route(configuration, destination, look_up, files)
    lines = [f"{destination}: {way.transport}:{way.next_hop}, by {', '.join(way.because)}"]
    lines += [f"{name}: may say otherwise for some senders" for name in way.by_sender]
    services = configuration.effective_services() or configuration.agents
    service = next((each for each in services if each.id == f"{way.transport}/unix"), None)
    if service is None and configuration.services is None:
        raise UnavailableError(f"{way.transport}/unix: what it runs can't be known without master.cf")
    if service is None or service.agent is None:
        what = "runs no smtp or lmtp" if service else "is no service of master.cf"
        return Delivery(False, (*lines, f"{way.transport}/unix: {what}, so no connection is reused"))
    agent = _Agent(configuration, service, way, look_up, files)
    reasons = agent.against()
    reasons += [f"{each.subject}: {each.said} [{each.kind.id}]" for each in found if _stops(each, service)]
    lines += agent.lines
    if reasons:
        lines += [f"not reused: {reason}" for reason in dict.fromkeys(reasons)]
    else:
        lines.append(f"reused: {agent.when}")
    return Delivery(not reasons, tuple(lines), service, agent.next_hop, agent.policy)


def _stops(finding: Finding, service: Service) -> bool:
    """Whether what was found keeps the agent from reusing anything."""
    if finding.kind.id.startswith(("cache-", "value-ends-the-cache", "value-ends-every")):
        return finding.kind.severity is not Severity.NOTE
    if finding.kind.id in ("list-ends-the-program", "value-ends-the-agent"):
        own = finding.subject.partition(" -o ")
        return own[0] == service.id or (not own[1] and finding.subject.startswith(f"{service.agent}_"))
    return finding.kind.id == "rate-delay" and service.id in finding.said


class _Agent:
    """The delivery agent that would carry it out."""

    def __init__(
        self, configuration: Configuration, service: Service, way: Route, look_up: Lookup, files: Files
    ) -> None:
        self._service = service
        self._effective = Effective(configuration, service)
        self._prefix = f"{service.agent}_"
        self._look_up = look_up
        self._files = files
        hops = words(way.next_hop, ", \t")
        self.next_hop = hops[0] if hops else ""
        self._is_socket = service.agent == "lmtp" and self.next_hop.startswith("unix:")
        self._kept = seconds_in_cache(configuration, service, self._effective)
        self._key = self._compared()
        self.when = ""
        self.policy: str | None = None
        self.lines = [f"{service.id}: asks for {self._key}, and keeps a connection for {self._kept} s"]
        if len(hops) > 1:
            self.lines.insert(0, f"{self.next_hop}: the first of several next hops counts for all")

    def _compared(self) -> str:
        hop = self.next_hop
        if self._service.agent == "lmtp":
            if self._is_socket:
                return hop.removeprefix("unix:")
            hop = hop.removeprefix("inet:")
        return bare(hop)

    def against(self) -> list[str]:
        """Why it would not be reused."""
        return [*self._by_list(), *self._by_tls()]

    def _by_list(self) -> list[str]:
        name = self._prefix + "connection_cache_destinations"
        where = self._effective.place(name) or name
        patterns = elements(self._effective.text(name), self._files.read)
        try:
            element = deciding(patterns, self._key, self._look_up)
        except UnavailableError as error:
            self.lines.append(f"{where}: {error}; nothing behind it is looked at")
            element = None
        if element is not None and not element.negated:
            self.lines.append(f"{where}: {element.text} matches")
            self.when = f"each time, if the next mail comes within {self._kept} s"
            return []
        said = f"{element.text} excludes it" if element else "nothing matches"
        self.lines.append(f"{where}: {said}")
        if self._effective.is_no(self._prefix + "connection_cache_on_demand"):
            return [f"{self._prefix}connection_cache_on_demand = no, and the list doesn't have it"]
        self.when = "under load only, where deliveries come back to back (caching on demand)"
        return []

    def _by_tls(self) -> list[str]:
        tls = tls_of(self._service, self._effective, self._files)
        level, source, reuse = tls.level, tls.source, tls.reuse
        policy = self.policy = self._policy(tls.policy_maps)
        if policy is not None:
            level, source = policy.replace(",", " ").split()[0].lower(), f"{tls.policy_maps}: {policy}"
            said = [word for word in words(policy, ", \t") if word.startswith("connection_reuse=")]
            reuse = said[-1] == "connection_reuse=yes" if said else reuse
        if level == "none" or (self._is_socket and level == "may"):
            return []
        self.lines.append(f"TLS: {level}, by {source}")
        return [] if reuse else [f"TLS ({level}), and {self._prefix}tls_connection_reuse = no"]

    def _policy(self, parameter: str) -> str | None:
        """The policy for this next hop: as it is, and if it is a domain, of what it is below."""
        hop = self._key if self._is_socket else self.next_hop
        keys = [hop]
        if hop == bare(hop):
            keys += ["." + hop.split(".", number)[-1] for number in range(1, hop.count(".") + 1)]
        return look_up_first(self._effective.text(parameter), keys, self._look_up)
