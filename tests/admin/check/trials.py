"""Mistakes to be made in a running Postfix, and what comes of each until its cure is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from tests.admin.check.deliveries import Harm

__all__ = ["LIST", "NOT_TRIED", "TRIALS", "Trial", "faults_of"]


@dataclass(frozen=True)
class Trial:
    """A mistake that concerns one transport named {t}; what else stands in braces, the test knows."""

    id: str
    harm: Harm
    entry: str = "smtp"
    """The transport's program, with its options; empty for none."""
    services: str = ""
    """Other lines of master.cf."""
    parameters: str = ""
    """Lines of main.cf."""
    server: str = "plain"
    says: str = ""
    """What is logged besides, until the cure."""
    mails: int = 3
    between: int = 0
    """Seconds from a mail to the next."""
    by_hand: str = ""
    """What a person does besides, as the cure says: a shell command."""


LIST = " -o smtp_connection_cache_on_demand=no -o { smtp_connection_cache_destinations = %s }"
NO_LIST = " -o smtp_connection_cache_destinations="
CACHE = "smtp -o connection_cache_service_name=c{t}"
TLS = "smtp -o smtp_tls_security_level=encrypt"
AGAIN = TLS + " -o smtp_tls_connection_reuse=yes"
PROXY = AGAIN + " -o tlsproxy_service_name=p{t}"
MANAGER = AGAIN + " -o tlsmgr_service_name=m{t}"
WAITS, STOPS, ONE_USE, TWO_USES, REUSE = Harm


HANGING = {"twice": REUSE, "process-limit": WAITS, "program": WAITS}
OTHER_LIMIT = {"0": "2", "1": "0"}
OTHER_FLAG = {"-": "n", "n": "-"}


def faults_of(text: str) -> dict[str, str]:
    """What a service can look like: fault -> the entry, from a good one."""
    name, type_, private, limit, program = text.split()

    def entry(type_: str = type_, private: str = private, limit: str = limit, program: str = program) -> str:
        return f"{name} {type_} {private} - n - {limit} {program}\n"

    faults = {
        "missing": "",
        "commented-out": f"#{entry()}",
        "twice": entry() * 2,
        "type": entry(type_="fifo"),
        "private": entry(private=OTHER_FLAG[private]),
        "program": entry(program="anvil"),
    }
    return faults | ({"process-limit": entry(limit=OTHER_LIMIT[limit])} if limit in OTHER_LIMIT else {})


TRIALS = [
    *(
        Trial(f"cache-{fault}", REUSE if fault == "twice" else ONE_USE, CACHE, services)
        for fault, services in faults_of("c{t} unix - 1 scache").items()
    ),
    *(
        Trial(f"tlsproxy-{fault}", HANGING.get(fault, STOPS), PROXY, services, server="tls")
        for fault, services in faults_of("p{t} unix - 0 tlsproxy").items()
    ),
    *(
        Trial(f"tlsmgr-{fault}", HANGING.get(fault, STOPS), MANAGER, services, server="tls")
        for fault, services in faults_of("m{t} unix - 1 tlsmgr").items()
    ),
    Trial("agent-missing", STOPS, ""),
    Trial("agent-commented-out", STOPS, "", "#{t} unix - - n - 1 smtp\n"),
    Trial("agent-twice", REUSE, "smtp", "{t} unix - - n - 1 smtp\n"),
    Trial("agent-type", STOPS, "", "{t} fifo - - n - 1 smtp\n"),
    Trial("agent-private", STOPS, "", "{t} unix n - n - 1 smtp\n"),
    Trial(
        "agent-program-missing",
        WAITS,
        "{programs}/{t}/smtp",
        by_hand="mkdir {directory}/{t} && ln -s {daemons}/smtp {directory}/{t}/smtp",
    ),
    Trial("unreadable-option", WAITS, "smtp -o smtp_connection_cache_time_limit = 5s"),
    Trial("unreadable-option", WAITS, "smtp -o syslog_name={t} smtp_helo_timeout=9s"),
    Trial("value-ends-every-program", WAITS, "smtp -o max_idle=0"),
    Trial("value-ends-the-agent", WAITS, "smtp -o smtp_connection_cache_time_limit=0"),
    Trial("value-ends-the-agent", WAITS, "smtp -o smtp_tls_connection_reuse=on"),
    Trial("value-ends-the-agent", WAITS, "smtp -o smtp_tls_security_level=required", server="tls"),
    Trial(
        "value-ends-the-cache",
        ONE_USE,
        CACHE,
        "c{t} unix - - n - 1 scache -o connection_cache_ttl_limit=0\n",
    ),
    Trial(
        "value-ends-tlsproxy",
        WAITS,
        PROXY,
        "p{t} unix - - n - 0 tlsproxy -o tlsproxy_watchdog_timeout=5s\n",
        server="tls",
    ),
    Trial("list-ends-the-program", WAITS, "smtp" + LIST % "::1, 127.0.0.1"),
    Trial("list-ends-the-program", WAITS, "smtp" + LIST % "! 192.0.2.1, static:all"),
    Trial("list-brackets", ONE_USE, "smtp" + LIST % "[127.0.0.1]:25"),
    Trial("list-not-a-table", ONE_USE, "smtp" + LIST % "smtp:[127.0.0.1]:25"),
    Trial(
        "list-not-a-table",
        ONE_USE,
        "lmtp -o lmtp_connection_cache_on_demand=no -o { lmtp_connection_cache_destinations = {lmtp} }",
        server="lmtp",
    ),
    Trial("list-table-unusable", ONE_USE, "smtp" + LIST % "hash:{directory}/{t}, 127.0.0.1"),
    Trial("list-table-key", ONE_USE, "smtp" + LIST % "inline:{{[127.0.0.1]:25=x}}"),
    Trial("list-file-missing", ONE_USE, "smtp" + LIST % "/nowhere/{t}, 127.0.0.1"),
    Trial("list-wildcard", ONE_USE, "smtp" + LIST % "*"),
    Trial("list-address", ONE_USE, "smtp" + LIST % "mail@127.0.0.1"),
    Trial("list-only-exclusions", ONE_USE, "smtp" + LIST % "!192.0.2.1"),
    Trial("list-unasked", ONE_USE, "smtp" + LIST % "{t}.before.example, {t}.after.example, localhost"),
    Trial("list-order", REUSE, "smtp" + LIST % "static:all, !192.0.2.1"),
    Trial("tls-without-reuse", ONE_USE, TLS, server="tls"),
    Trial(
        "tls-policy-without-reuse",
        ONE_USE,
        "smtp -o { smtp_tls_policy_maps = static:encrypt }",
        server="tls",
    ),
    Trial("tls-policy-unknown", ONE_USE, "smtp -o { smtp_tls_policy_maps = {resolver} }", server="tls"),
    Trial(
        "table-unusable",
        STOPS,
        "smtp -o smtp_sasl_auth_enable=yes -o smtp_sasl_password_maps=hash:{unmade}",
        server="login",
    ),
    Trial(
        "table-stale",
        ONE_USE,
        "smtp -o smtp_connection_cache_on_demand=no -o smtp_connection_cache_destinations=hash:{stale}",
    ),
    Trial("tls-policy-unusable", STOPS, AGAIN + " -o smtp_tls_policy_maps=hash:/nowhere/{t}", server="tls"),
    Trial(
        "tls-policy-level",
        STOPS,
        AGAIN + " -o smtp_tls_policy_maps=static:required",
        server="tls",
        by_hand="postconf -c {config} -P {t}/unix/smtp_tls_policy_maps=static:encrypt",
    ),
    Trial(
        "tls-policy-attribute",
        STOPS,
        AGAIN + " -o { smtp_tls_policy_maps = static:{encrypt connection_reuse=true} }",
        server="tls",
        by_hand="postconf -c {config} -P {t}/unix/smtp_tls_policy_maps=static:encrypt",
    ),
    Trial("tls-value-unusable", STOPS, AGAIN + " -o smtp_tls_mandatory_ciphers=hihg", server="tls"),
    Trial("tls-value-unusable", STOPS, AGAIN + " -o smtp_tls_mandatory_protocols=!TLS1", server="tls"),
    Trial("option-of-another", ONE_USE, TLS + " -o lmtp_tls_connection_reuse=yes", server="tls"),
    Trial("tls-obsolete", REUSE, "smtp -o smtp_use_tls=yes -o smtp_tls_connection_reuse=yes", server="tls"),
    Trial(
        "tlsproxy-no-client",
        STOPS,
        PROXY,
        "p{t} unix - - n - 0 tlsproxy -o tlsproxy_client_security_level=none\n",
        server="tls",
    ),
    Trial(
        "tls-wrappermode",
        STOPS,
        "smtp -o smtp_tls_security_level=may -o smtp_tls_connection_reuse=yes -o smtp_tls_wrappermode=yes",
        server="wrapper",
    ),
    Trial("tls-port-without-wrappermode", STOPS, "smtp -o smtp_helo_timeout=2s", server="port 465"),
    Trial(
        "tls-dane-without-dnssec",
        REUSE,
        "smtp -o smtp_tls_security_level=dane -o smtp_tls_connection_reuse=yes",
        server="tls",
        says="dane configured with dnssec lookups disabled",
    ),
    Trial("caching-off", ONE_USE, "smtp -o smtp_connection_cache_on_demand=no" + NO_LIST, mails=8),
    Trial(
        "time-limit-capped",
        ONE_USE,
        CACHE + " -o smtp_connection_cache_time_limit=7s",
        "c{t} unix - - n - 1 scache -o connection_cache_ttl_limit=2s\n",
        between=3,
    ),
    Trial(
        "rate-delay",
        ONE_USE,
        "smtp -o smtp_connection_cache_time_limit=2s",
        parameters="{t}_destination_rate_delay = 3s\n",
    ),
    Trial(
        "time-read-otherwise",
        WAITS,
        "smtp -o smtp_connection_cache_destinations=static:all",
        parameters="{t}_destination_rate_delay = 50ms\n",
    ),
    Trial(
        "reuse-time-limit",
        TWO_USES,
        CACHE + " -o smtp_connection_cache_time_limit=9s -o smtp_connection_reuse_time_limit=1s",
        "c{t} unix - - n - 1 scache -o connection_cache_ttl_limit=9s\n",
        between=3,
    ),
    Trial("reuse-count-limit", TWO_USES, "smtp -o smtp_connection_reuse_count_limit=1"),
    Trial(
        "recipient-limit-one", ONE_USE, "smtp" + NO_LIST, parameters="{t}_destination_recipient_limit = 1\n"
    ),
    Trial("misspelt-parameter", ONE_USE, TLS + " -o smtp_tls_conection_reuse=yes", server="tls"),
    Trial("unused-parameter", REUSE, parameters="favourite_colour_of_{t} = blue\n"),
]
NOT_TRIED = {
    "chroot-without-log-socket": "takes a machine whose syslogd restarts",
    "proxymap-name": "is cured, but who was asking under the other name goes on for 100 seconds",
    "postlog-switched-off": "is postlog-missing to everybody else: master(8) makes no socket",
    "immutable-file": "is in the way of cures only; test_install_interrupted sets the flag",
    "installed-not-reloaded": "is cured by the reload; test_install_interrupted counts it",
    "read-only-directory": "is cured where the file system comes from; test_install_interrupted has one",
    "mounted-file": "is cured where the file comes from; test_install_uninstall mounts one",
    "tls-release": "is cured by another release",
}
