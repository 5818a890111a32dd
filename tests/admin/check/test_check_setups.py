"""Six set-ups as people have them: nothing untrue is said, and all that is wrong with one mistake in each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.admin.check.planted import GOOD, TLS, Planted, found, write

pytestmark = pytest.mark.postfix

RELAY = (
    "relayhost = [smtp.provider.example]:submission\n"
    "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = "
    "inline:{{[smtp.provider.example]:submission=user:secret}}\n"
    "smtp_sasl_security_options = noanonymous\nsmtp_tls_security_level = "
    "encrypt\nsmtp_tls_connection_reuse = yes\n"
    "smtp_connection_cache_destinations = smtp.provider.example\n"
)
RELAYS = RELAY.replace("ion\n", "ion, [backup.example]:587\n", 1) + (
    "smtp_tls_policy_maps = inline:{ { [smtp.provider.example]:submission = encrypt }, "
    "{ [backup.example]:587 = encrypt } }\n"
)
CONTAINER = "maillog_file = /dev/stdout\ninet_protocols = ipv4\nmynetworks = 10.0.0.0/8\n"
DOVECOT = (
    "virtual_transport = lmtp:unix:private/dovecot-lmtp\nvirtual_mailbox_domains = example.com\n"
    "lmtp_connection_cache_destinations = private/dovecot-lmtp\n"
)
SECOND = (
    "master_service_disable = !scache/unix, inet, relay/unix\n"
    "multi_instance_name = postfix-out\nmulti_instance_enable = yes\nmulti_instance_group = mta\n"
    "connection_cache_ttl_limit = 10s\nsmtp_connection_cache_time_limit = 10s\n"
)
RESOLVER = TLS + "smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:QUERYwithTLSRPT\n"
SLOW = (
    "slow_destination_rate_delay = 5s\nslow_destination_concurrency_limit = 2\nconnection_cache_ttl_limit "
    "= 10s\n"
    "transport_maps = inline:{{slow.example = slow:}}\n"
)
SLOW_MASTER = GOOD + (
    "slow unix - - n - 5 smtp\n -o smtp_connection_cache_destinations=static:all\n"
    " -o smtp_connection_cache_time_limit=10s -o syslog_name=postfix/slow\n"
)

SETUPS = {
    "a relay with a login": (RELAY, GOOD),
    "a container that logs to standard output": (CONTAINER, GOOD),
    "LMTP to Dovecot": (DOVECOT, GOOD),
    "a second instance": (SECOND, GOOD),
    "MTA-STS by a resolver": (RESOLVER, GOOD),
    "a slow transport": (SLOW, SLOW_MASTER),
    "two relays, one behind the other": (RELAYS, GOOD),
}
#: Set-up, what is replaced by what, and all that is to be found then.
MISTAKES = [
    ("a relay with a login", "= smtp.provider.example\n", "= $relayhost\n", ["list-brackets"]),
    ("a relay with a login", "reuse = yes", "reuse = no", ["tls-without-reuse"]),
    ("a relay with a login", "#", "tlsproxy ", ["tlsproxy-commented-out"]),
    ("a container that logs to standard output", "#", "postlog ", ["postlog-commented-out"]),
    ("a container that logs to standard output", "/dev/stdout", "/logs/mail", ["maillog-file-prefix"]),
    ("LMTP to Dovecot", "= private/dovecot-lmtp", "= unix:private/dovecot-lmtp", ["list-not-a-table"]),
    ("LMTP to Dovecot", "#", "lmtp ", ["agent-commented-out"]),
    ("a second instance", "ttl_limit = 10s", "ttl_limit = 2s", ["time-limit-capped"]),
    ("a second instance", "!scache/unix", "scache/unix", ["cache-switched-off"]),
    ("a second instance", "time_limit = 10s", "time_limit = off", ["value-ends-the-agent"]),
    ("MTA-STS by a resolver", "reuse = yes", "reuse = No", ["tls-without-reuse"]),
    ("MTA-STS by a resolver", "#", "tlsmgr ", ["tlsmgr-commented-out"]),
    ("a slow transport", "rate_delay = 5s", "rate_delay = 1m", ["rate-delay"]),
    ("a slow transport", "#", "scache ", ["cache-commented-out"]),
]


@pytest.mark.parametrize(("main_cf", "master_cf"), SETUPS.values(), ids=SETUPS)
def test_nothing_is_wrong_with_a_set_up_that_works(tmp_path: Path, main_cf: str, master_cf: str) -> None:
    assert [finding.line() for finding in found(write(tmp_path, Planted("", main_cf, master_cf)))] == []


@pytest.mark.parametrize(("setup", "old", "new", "expected"), MISTAKES)
def test_one_mistake_in_it_is_all_that_is_found(
    tmp_path: Path, setup: str, old: str, new: str, expected: list[str]
) -> None:
    main_cf, master_cf = SETUPS[setup]
    if old == "#":
        master_cf = master_cf.replace(f"\n{new}", f"\n#{new}")
    else:
        assert old in main_cf
        main_cf = main_cf.replace(old, new, 1)
    assert [
        finding.kind.id for finding in found(write(tmp_path, Planted("", main_cf, master_cf)))
    ] == expected
