"""What a delivery agent makes of TLS: level, policies, and whether it hands connections with TLS on. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from scache.admin.check.files import Files
from scache.admin.check.tables import entries
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.parameters import TLS_LEVELS
from scache.admin.reading import words

__all__ = [
    "AgentTls",
    "policies_of",
    "proxy_cure",
    "proxy_of",
    "reuse_cure",
    "reuse_of",
    "tls_of",
    "tls_programs",
    "wants_tls",
]

#: The earliest release whose tlsproxy(8) calls it tlsproxy_client_security_level.
_PROXY_NAMES = (3, 7)
_PROXY_MAPS = (
    "tlsproxy_client_policy_maps",
    "tlsproxy_client_policy",
    "smtp_tls_policy_maps",
    "tlsproxy_client_per_site",
    "smtp_tls_per_site",
)


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
        found = policies_of(table, files)
        if found is None:
            unknown.append(table)
        else:
            policies += found
    return policies, unknown


def policies_of(table: str, files: Files) -> list[tuple[str, str]] | None:
    """Destination and policy of all that is in a table; None for one that only Postfix could ask."""
    if table.startswith("static:"):
        policy = table.removeprefix("static:")
        policy = policy[1:-1].strip() if policy.startswith("{") else policy
        return [("every destination", policy)]
    found = entries(table, files)
    return None if found is None else list(found.items())


def proxy_of(configuration: Configuration, effective: Effective) -> Service | None:
    """The entry of the tlsproxy(8) that an agent asks."""
    return configuration.service(effective.text("tlsproxy_service_name"))


def proxy_cure(configuration: Configuration, effective: Effective) -> list[str]:
    """Commands that make the tlsproxy(8) that an agent asks take TLS clients; none where it does.

    Its own view of main.cf counts, not what the agent sees (pre_jail_init in tlsproxy.c).
    """
    service = proxy_of(configuration, effective)
    proxy = Effective(configuration, service)
    since_3_7, before = "tlsproxy_client_security_level", "tlsproxy_client_level"
    name = since_3_7 if configuration.release >= _PROXY_NAMES else before
    level = (proxy.text(since_3_7) or proxy.text(before) or proxy.text("smtp_tls_security_level")).lower()
    if level:
        wanted = level != "none"
    else:
        wanted = any(proxy.is_yes(f"tlsproxy_client_{each}") for each in ("use_tls", "enforce_tls"))
    if wanted or any(map(proxy.text, _PROXY_MAPS)):
        return []
    if service is None:
        return [configuration.postconf("-e", f"{name}=may")]
    return configuration.set_commands(service, proxy, name, "may", beside="smtp_tls_security_level")


def reuse_cure(
    configuration: Configuration, service: Service, effective: Effective, beside: str = ""
) -> list[str]:
    """Commands by which an agent's connections with TLS are handed on, where the agent, or `beside`, says it.

    tlsproxy first: without it, mail with TLS is deferred.
    """
    cure = []
    proxy = effective.text("tlsproxy_service_name")
    if configuration.services is None:
        cure.append("# see to it that master.cf has: " + f"{proxy} unix - - n - 0 tlsproxy")
    elif configuration.service(proxy) is None:
        comment = next((each for each in configuration.commented_out if each.id == f"{proxy}/unix"), None)
        entry = comment.fields(process_limit="0") if comment else f"{proxy} unix - - n - 0 tlsproxy"
        cure.append(configuration.postconf("-M", f"{proxy}/unix={entry}"))
    cure += proxy_cure(configuration, effective)
    name = f"{service.agent}_tls_connection_reuse"
    return [*cure, *configuration.set_commands(service, effective, name, "yes", beside)]


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
