"""What a delivery agent makes of TLS: level, policies, and whether it hands connections with TLS on. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.tables import entries
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.parameters import TLS_LEVELS
from scache.admin.reading import words

__all__ = ["AgentTls", "reuse_of", "tls_of", "tls_programs", "wants_tls"]


@dataclass(frozen=True)
class AgentTls:
    """What a delivery agent makes of TLS."""

    level: str
    """For destinations without a policy of their own; `none` where it is off."""
    source: str
    """The parameter that says so."""
    reuse: bool
    policy_maps: str
    policies: tuple[tuple[str, str], ...]
    """Destination and policy, of the tables that can be read here."""
    unknown: tuple[str, ...]
    """Tables that can't."""

    @property
    def is_possible(self) -> bool:
        """Whether any destination may get TLS."""
        return self.level != "none" or bool(self.unknown) or any(map(wants_tls, self.policies))

    @property
    def is_reused(self) -> bool:
        """Whether a connection with TLS may be handed on."""
        return self.is_possible and (
            self.reuse or any(reuse_of(policy) is True for _destination, policy in self.policies)
        )


def wants_tls(policy: tuple[str, str]) -> bool:
    level = policy[1].replace(",", " ").split()[:1]
    return bool(level) and level[0].lower() in TLS_LEVELS[1:]


def reuse_of(policy: str) -> bool | None:
    """What the policy says of reuse; of several the last."""
    said = [
        word.lower().partition("=")[2]
        for word in words(policy, ", \t")
        if "connection_reuse=" in word.lower()
    ]
    return said[-1] == "yes" if said else None


def tls_of(service: Service, effective: Effective, files: Files) -> AgentTls:
    """What this agent makes of TLS."""
    prefix = f"{service.agent}_"
    level, source = effective.text(prefix + "tls_security_level").lower(), prefix + "tls_security_level"
    if level not in TLS_LEVELS:  # one that isn't ends the agent
        level = "none"
    if not effective.text(source):
        for name, meaning in (("use_tls", "may"), ("enforce_tls", "encrypt")):
            if effective.is_yes(prefix + name):
                level, source = meaning, prefix + name
    maps, parameter = effective.text(prefix + "tls_policy_maps"), "tls_policy_maps"
    if not maps:
        maps, parameter = effective.text(prefix + "tls_per_site"), "tls_per_site"
    policies, unknown = _policies(maps, files)
    if parameter == "tls_per_site":
        old = {"must": "verify", "must_nopeermatch": "encrypt"}
        policies = [(key, old.get(value.lower(), value)) for key, value in policies]
    reuse = effective.is_yes(prefix + "tls_connection_reuse")
    return AgentTls(level, source, reuse, prefix + parameter, tuple(policies), tuple(unknown))


def _policies(maps: str, files: Files) -> tuple[list[tuple[str, str]], list[str]]:
    policies: list[tuple[str, str]] = []
    unknown = []
    for table in words(maps, ", \t\r\n"):
        found = entries(table, files)
        if found is None:
            unknown.append(table)
        else:
            policies += found.items()
    return policies, unknown


def tls_programs(configuration: Configuration, files: Files) -> frozenset[str]:
    """Which of tlsproxy and tlsmgr the delivery agents need."""
    found = set()
    for service in configuration.agents:
        tls = tls_of(service, Effective(configuration, service), files)
        if tls.is_possible:
            found.add("tlsmgr")
        if tls.is_reused:
            found.add("tlsproxy")
    return frozenset(found)
