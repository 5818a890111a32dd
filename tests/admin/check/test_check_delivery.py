"""`scache check DESTINATION`: the route, the key, what the list and TLS say of it, and what follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from scache.cli import main
from tests.admin.check.planted import GOOD, TLS, Planted, write

pytestmark = pytest.mark.postfix

SLOW = GOOD + "slow unix - - n - 1 smtp\n -o smtp_connection_cache_destinations=static:all\n"
ROUTES = (
    "transport_maps = inline:{{a.example = slow:}, {.b.example = :[hub.example]:26}, "
    "{c.example = lmtp:unix:private/x}}\n"
)

DELIVERIES = {
    "on demand": (
        "",
        "example.com",
        0,
        ["example.com: smtp:example.com, by default_transport", "reused: under load only"],
    ),
    "by name": (
        "smtp_connection_cache_destinations = example.com\n",
        "example.com",
        0,
        ["main.cf:3: example.com matches", "reused: each time, if the next mail comes within 2 s"],
    ),
    "of an address": ("", "user@example.com", 0, ["user@example.com: smtp:example.com"]),
    "by relayhost, which is compared bare": (
        "relayhost = [Mail.example.com]:submission\nsmtp_connection_cache_destinations = mail.example.com\n",
        "example.org",
        0,
        [
            "example.org: smtp:[Mail.example.com]:submission, by default_transport, relayhost",
            "smtp/unix: asks for mail.example.com, and keeps a connection for 2 s",
            "main.cf:4: mail.example.com matches",
        ],
    ),
    "by the first of two relayhosts": (
        "relayhost = [a.example]:587, [b.example]:587\n"
        "smtp_connection_cache_on_demand = no\nsmtp_connection_cache_destinations = b.example\n"
        "smtp_tls_policy_maps = inline:{{[a.example]:587=encrypt}}\n",
        "example.org",
        1,
        ["the first of several next hops counts", "asks for a.example", "nothing matches", "TLS: encrypt"],
    ),
    "to an IPv6 address with its prefix": (
        "smtp_connection_cache_destinations = inline:{{2001:db8::25=x}}\n",
        "[IPv6:2001:db8::25]",
        0,
        ["asks for 2001:db8::25", "inline:{{2001:db8::25=x}} matches"],
    ),
    "with brackets in the list": (
        "smtp_connection_cache_on_demand = no\nsmtp_connection_cache_destinations = [mail.example.com]\n",
        "[mail.example.com]",
        1,
        ["main.cf:4: nothing matches", "not reused: smtp_connection_cache_on_demand = no"],
    ),
    "excluded": (
        "smtp_connection_cache_on_demand = no\nsmtp_connection_cache_destinations = !a.example, static:all\n",
        "a.example",
        1,
        ["main.cf:4: !a.example excludes it"],
    ),
    "behind a table that can't be opened": (
        "smtp_connection_cache_destinations = hash:/nonexistent, example.com\n",
        "example.com",
        0,
        ["nothing behind it is looked at", "reused: under load only"],
    ),
    "by transport_maps": (
        ROUTES,
        "a.example",
        0,
        ["a.example: slow:a.example, by transport_maps", "static:all matches"],
    ),
    "by transport_maps for what is below": (ROUTES, "x.b.example", 0, ["x.b.example: smtp:[hub.example]:26"]),
    "to a socket": (ROUTES, "c.example", 0, ["lmtp/unix: asks for private/x"]),
    "in a class of its own": (
        "relay_domains = example.net\nrelay_transport = slow:[store.example]\n",
        "sub.example.net",
        0,
        ["sub.example.net: slow:[store.example], by relay_domains, relay_transport"],
    ),
    "to a program that connects to nobody": (
        "mydestination = example.com\n",
        "example.com",
        1,
        ["local/unix: runs no smtp or lmtp"],
    ),
    "by transport and next hop": ("", "slow:[192.0.2.1]", 0, ["slow:[192.0.2.1], by the command line"]),
    "TLS without reuse": (
        "smtp_tls_security_level = may\n",
        "example.com",
        1,
        ["TLS: may", "not reused: TLS (may)"],
    ),
    "TLS with reuse": (TLS, "example.com", 0, ["TLS: may, by smtp_tls_security_level"]),
    "TLS by policy": (
        "smtp_tls_policy_maps = inline:{{example.com = encrypt}}\n",
        "example.com",
        1,
        ["TLS: encrypt, by smtp_tls_policy_maps: encrypt", "not reused: TLS (encrypt)"],
    ),
    "TLS by policy for what is below": (
        "smtp_tls_policy_maps = inline:{{.example.com = encrypt}}\n",
        "a.example.com",
        1,
        ["TLS: encrypt"],
    ),
    "TLS by policy for another": (
        "smtp_tls_policy_maps = inline:{{a.example = encrypt}}\n",
        "b.example",
        0,
        [],
    ),
    "no TLS by policy": (
        "smtp_tls_security_level = may\nsmtp_tls_policy_maps = inline:{{example.com = none}}\n",
        "example.com",
        0,
        [],
    ),
    "a rate delay": (
        "slow_destination_rate_delay = 3s\n",
        "slow:example.com",
        1,
        ["not reused: slow_destination_rate_delay"],
    ),
    "no cache": ("connection_cache_service_name = x\n", "example.com", 1, ["[cache-missing]"]),
    "an agent that ends": (
        "smtp_connection_cache_time_limit = 0\n",
        "example.com",
        1,
        ["[value-ends-the-agent]"],
    ),
    "a sender's own way": (
        "sender_dependent_relayhost_maps = inline:{{@a.example = [b.example]}}\n",
        "example.com",
        0,
        ["sender_dependent_relayhost_maps: may say otherwise for some senders"],
    ),
    "a sender's own way, which local mail doesn't take": (
        "sender_dependent_relayhost_maps = inline:{{@a.example = [b.example]}}\nmydestination = example.com\n"
        "local_transport = lmtp:unix:private/lmtp\n",
        "example.com",
        0,
        ["lmtp:unix:private/lmtp, by mydestination, local_transport\nlmtp/unix: asks for private/lmtp"],
    ),
    "a literal address, by relayhost, too": (
        "relayhost = [mail.example.com]\n",
        "user@[192.0.2.1]",
        0,
        ["smtp:[mail.example.com], by default_transport, relayhost"],
    ),
    "a next hop by itself": ("relayhost = [mail.example.com]\n", "[192.0.2.1]:26", 0, ["asks for 192.0.2.1"]),
    "no transport": ("", "quick:example.com", 1, ["quick/unix: is no service of master.cf"]),
    "a policy under the next hop's full name": (
        "relayhost = [mail.example.com]:587\nsmtp_tls_connection_reuse = yes\n"
        "smtp_tls_policy_maps = inline:{{[mail.example.com]:587 = secure}}\n",
        "example.org",
        0,
        ["TLS: secure, by smtp_tls_policy_maps: secure"],
    ),
    "a policy under another name": (
        "relayhost = [mail.example.com]:587\nsmtp_tls_policy_maps = inline:{{mail.example.com=secure}}\n",
        "example.org",
        0,
        ["reused: under load only"],
    ),
}


@pytest.mark.parametrize(
    ("main_cf", "destination", "status", "expected"), DELIVERIES.values(), ids=DELIVERIES
)
def test_a_delivery_is_foretold_with_its_reasons(
    tmp_path: Path,
    main_cf: str,
    destination: str,
    status: int,
    expected: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = write(tmp_path, Planted("", main_cf, SLOW))
    assert main(["check", "--config-directory", str(directory), destination]) == status
    said = capsys.readouterr().out
    assert [text for text in expected if text not in said] == [], said


def test_a_destination_that_is_too_long_to_be_one_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted("", ""))
    assert main(["check", "x" * 200_000, "--config-directory", str(directory)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err) < 200
