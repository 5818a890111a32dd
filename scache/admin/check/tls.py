"""Findings about TLS: a connection with TLS can be handed on only where tlsproxy(8) holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scache.admin.check import policies, tls_ports, tls_values
from scache.admin.check.files import Files
from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.check.tls_use import (
    AgentTls,
    proxy_cure,
    proxy_of,
    reuse_cure,
    reuse_of,
    tls_of,
    wants_tls,
)
from scache.admin.configuration import Configuration, Effective, Place, Service, Setting

__all__ = ["KINDS", "find"]

_NO_REUSE = Kind(
    "tls-without-reuse",
    Severity.LESS_REUSE,
    "Connections with TLS are never reused.",
    "A TLS session lives in the process that began it, unless tlsproxy(8) holds it: with "
    "`smtp_tls_connection_reuse = no`, only "
    "connections without TLS are cached. Debian's own main.cf is like that.",
    "Enable tlsproxy in master.cf and set `smtp_tls_connection_reuse = yes`, both: without tlsproxy, mail "
    "with TLS is deferred.",
)
_POLICY = Kind(
    "tls-policy-without-reuse",
    Severity.LESS_REUSE,
    "A policy table asks for TLS, and connections with TLS are never reused.",
    "The security level of a destination comes from `smtp_tls_policy_maps`, whatever "
    "`smtp_tls_security_level` says. A connection with TLS is "
    "cached only with `smtp_tls_connection_reuse = yes`, or `connection_reuse=yes` in the policy.",
    "Enable tlsproxy in master.cf and set `smtp_tls_connection_reuse = yes`.",
)
_UNKNOWN = Kind(
    "tls-policy-unknown",
    Severity.NOTE,
    "A policy table that only Postfix can ask may demand TLS.",
    "What a socketmap, LDAP or SQL table answers (MTA-STS and DANE resolvers are asked in this way) can't "
    "be known beforehand. Where it asks "
    "for TLS, and does not say `connection_reuse=yes`, the connection is not reused.",
    "Enable tlsproxy in master.cf and set `smtp_tls_connection_reuse = yes`.",
)
_OLD = Kind(
    "tls-release",
    Severity.LESS_REUSE,
    "This release can't reuse connections with TLS.",
    "tlsproxy(8) works for delivery agents since Postfix 3.4.",
    "Upgrade Postfix.",
)
_OBSOLETE = Kind(
    "tls-obsolete",
    Severity.NOTE,
    "An old TLS parameter is set.",
    "`smtp_use_tls`, `smtp_enforce_tls` and `smtp_tls_per_site` are looked at only where "
    "`smtp_tls_security_level` is empty, and "
    "`smtp_tls_per_site` only without `smtp_tls_policy_maps`.",
    "Say it by `smtp_tls_security_level` and `smtp_tls_policy_maps`.",
)
_WRAPPER = Kind(
    "tls-wrappermode",
    Severity.STOPS_MAIL,
    "TLS from the first byte is on, but TLS isn't demanded.",
    "With `smtp_tls_wrappermode = yes` and a level below `encrypt` smtp(8) connects to nobody: it warns "
    "for each address, and the mail is deferred.",
    "Set `smtp_tls_security_level = encrypt`.",
)
_DANE = Kind(
    "tls-dane-without-dnssec",
    Severity.STOPS_MAIL,
    "DANE is demanded, but no DNSSEC is asked for.",
    "smtp(8) warns `dane configured with dnssec lookups disabled`. With `dane-only` the mail is then "
    "deferred; with `dane` it goes out as with `may`, to whoever answers. DNSSEC takes "
    "`smtp_dns_support_level = dnssec`, and `dns` in `smtp_host_lookup`.",
    "Set both.",
)
_NO_CLIENT = Kind(
    "tlsproxy-no-client",
    Severity.STOPS_MAIL,
    "tlsproxy(8) doesn't act for delivery agents.",
    "tlsproxy(8) looks at main.cf, not at the `-o` options of delivery agents: it takes TLS clients only if "
    "`tlsproxy_client_security_level`, which is `smtp_tls_security_level` unless set, isn't empty or `none`, "
    "or `smtp_tls_policy_maps` is set. Where TLS is on for one transport alone, or for lmtp(8) alone, and "
    "reuse is on, tlsproxy(8) of 3.7 ends with a segmentation fault at each connection (`service role "
    '"client" is not available`), and mail is deferred with `4.7.5 Cannot start TLS`.',
    "Set `tlsproxy_client_security_level = may`. It switches TLS on in tlsproxy(8), and nowhere else.",
)
KINDS = (
    _NO_REUSE,
    _POLICY,
    _UNKNOWN,
    _OLD,
    _OBSOLETE,
    _WRAPPER,
    _DANE,
    _NO_CLIENT,
    *tls_ports.KINDS,
    *tls_values.KINDS,
    *policies.KINDS,
)


def find(configuration: Configuration, files: Files) -> Iterator[Finding]:
    """The findings of each delivery agent, without those that differ by the service alone."""
    seen = set()
    for service in configuration.agents:
        effective = Effective(configuration, service)
        for finding in _of_agent(configuration, service, effective, files):
            key = finding.kind.id, finding.subject, finding.said
            if key not in seen:
                seen.add(key)
                yield finding


def _of_agent(
    configuration: Configuration, service: Service, effective: Effective, files: Files
) -> Iterator[Finding]:
    tls = tls_of(service, effective, files)
    prefix = f"{service.agent}_"
    yield from _obsolete(configuration, service, effective, prefix)
    yield from policies.find(configuration, service, effective, files)
    yield from tls_ports.find(configuration, service, effective, files)
    yield from tls_values.find(configuration, service, effective, files)
    if effective.is_yes(prefix + "tls_wrappermode") and tls.level in ("none", "may"):
        name = prefix + "tls_wrappermode"
        said = f"needs {prefix}tls_security_level = encrypt or stronger, which is {tls.level}"
        level = prefix + "tls_security_level"
        cure = configuration.set_commands(service, effective, level, "encrypt", beside=name)
        if not tls.is_possible and not tls.reuse:  # which would be found next
            settings = {**configuration.settings, level: Setting("encrypt", None)}
            mended = configuration if effective.is_own(name) else replace(configuration, settings=settings)
            cure += reuse_cure(mended, service, effective, beside=name)
        yield _WRAPPER.found(*effective.subject_and_value(name), said, effective.place(name), cure)
    dane = tls.level.startswith("dane") or any(
        policy.lower().startswith("dane") for _destination, policy in tls.policies
    )
    lacking = _lacking_dnssec(effective, prefix)
    if dane and lacking:
        name = tls.source if tls.level.startswith("dane") else tls.policy_maps
        said = "has DANE, which needs " + " and ".join(f"{each} = {value}" for each, value in lacking.items())
        cure = [
            command
            for each, value in lacking.items()
            for command in configuration.set_commands(service, effective, each, value, beside=name)
        ]
        yield _DANE.found(*effective.subject_and_value(name), said, effective.place(name), cure)
    if tls.is_reused and (cure := proxy_cure(configuration, effective)):
        entry = proxy_of(configuration, effective)
        name = entry.id if entry else effective.text("tlsproxy_service_name")
        said = "takes no TLS clients, because main.cf as it sees it has no TLS for smtp(8)"
        yield _NO_CLIENT.found(name, "", said, entry.place if entry else None, cure)
    if tls.is_possible and not tls.reuse and _uses_cache(service, effective):
        yield from _without_reuse(configuration, service, effective, tls)


def _lacking_dnssec(effective: Effective, prefix: str) -> dict[str, str]:
    """Parameters without which no DNSSEC is asked for, and their values."""
    lacking = {}
    support, lookup = prefix + "dns_support_level", prefix + "host_lookup"
    if effective.text(support).lower() != "dnssec":
        lacking[support] = "dnssec"
    ways = effective.text(lookup).lower().replace(",", " ").split()
    if "dns" not in ways:
        lacking[lookup] = ",".join(["dns", *ways])
    return lacking


def _uses_cache(service: Service, effective: Effective) -> bool:
    on_demand = not effective.is_no(f"{service.agent}_connection_cache_on_demand")
    return on_demand or bool(effective.text(f"{service.agent}_connection_cache_destinations"))


def _without_reuse(
    configuration: Configuration, service: Service, effective: Effective, tls: AgentTls
) -> Iterator[Finding]:
    name = f"{service.agent}_tls_connection_reuse"
    cure = reuse_cure(configuration, service, effective)
    policies = [
        (key, value) for key, value in tls.policies if wants_tls((key, value)) and not reuse_of(value)
    ]
    if not configuration.hands_tls_on:
        release = ".".join(map(str, configuration.release))
        yield _OLD.found(
            *effective.subject_and_value(tls.source), f"Postfix {release} can't hand TLS connections on"
        )
    elif tls.level != "none":
        said = f"connections with TLS are never cached ({tls.source} = {effective.text(tls.source)})"
        yield _NO_REUSE.found(
            *effective.subject_and_value(name), said, _place(effective, name, tls.source), cure
        )
    elif policies:
        said = (
            f"connections with TLS are never cached, and {tls.policy_maps} has {policies[0][0]} use TLS "
            f"({policies[0][1]})"
        )
        yield _POLICY.found(
            *effective.subject_and_value(name), said, _place(effective, name, tls.policy_maps), cure
        )
    elif tls.unknown:
        said = (
            f"what {tls.unknown[0]} answers can't be known here; where it asks for TLS, "
            "the connection is not reused"
        )
        place = effective.place(tls.policy_maps)
        yield _UNKNOWN.found(*effective.subject_and_value(tls.policy_maps), said, place, cure)


def _place(effective: Effective, name: str, cause: str) -> Place | None:
    return effective.place(name) or effective.place(cause)


def _obsolete(
    configuration: Configuration, service: Service, effective: Effective, prefix: str
) -> Iterator[Finding]:
    level = prefix + "tls_security_level"
    by_level, by_maps = bool(effective.text(level)), bool(effective.text(prefix + "tls_policy_maps"))
    for name, meaning in (("use_tls", "may"), ("enforce_tls", "encrypt"), ("tls_per_site", "")):
        full = prefix + name
        setting = effective.setting(full)
        if setting is None or effective.text(full).lower() in ("", "no"):
            continue
        ignored = by_maps if name == "tls_per_site" else by_level
        by = prefix + "tls_policy_maps" if name == "tls_per_site" else level
        said = f"is ignored, because {by} is set" if ignored else f"is read, but obsolete: {by} says it"
        drop = _drop(configuration, service, effective, full)
        if name == "tls_per_site" and not ignored:
            drop = [f"# move its entries into a table named by {by}"]
        elif not ignored:
            drop += configuration.set_commands(service, effective, level, meaning, beside=full)
        yield _OBSOLETE.found(*effective.subject_and_value(full), said, setting.place, drop)


def _drop(configuration: Configuration, service: Service, effective: Effective, name: str) -> list[str]:
    if effective.is_own(name):
        return [configuration.postconf("-PX", f"{service.id}/{name}")]
    return [configuration.postconf("-X", name)]
