"""Where mail may go elsewhere, nothing is said of a list that has none of the next hops that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.admin.check.planted import GOOD, LIST, Planted, found, write

pytestmark = pytest.mark.postfix

RELAY = "relayhost = [smtp.example.com]:587\n"
POLICY = "smtpd_recipient_restrictions = check_policy_service unix:private/policy\n"
ELSEWHERE = {
    "no relayhost": ("", GOOD),
    "a table that only Postfix can ask": (
        f"{RELAY}transport_maps = socketmap:inet:127.0.0.1:1:routes\n",
        GOOD,
    ),
    "a table of patterns": (f"{RELAY}transport_maps = regexp:{{}}/routes\n", GOOD),
    "a table that sends to the domain itself": (
        f"{RELAY}transport_maps = inline:{{{{a.example=smtp:}}}}\n",
        GOOD,
    ),
    "a sender's relay": (
        f"{RELAY}sender_dependent_relayhost_maps = inline:{{{{@b.example=[a.example]:25}}}}\n",
        GOOD,
    ),
    "a sender's relay that only Postfix knows": (
        f"{RELAY}sender_dependent_relayhost_maps = socketmap:inet:127.0.0.1:1:relays\n",
        GOOD,
    ),
    "a filter": (f"{RELAY}content_filter = smtp:[a.example]:10024\n", GOOD),
    "a filter of one service": (
        RELAY,
        GOOD + "10025 inet n - n - - smtpd\n -o content_filter=smtp:[a.example]:10024\n",
    ),
    "a filter of a table": (f"{RELAY}header_checks = regexp:{{}}/checks\n", GOOD),
    "a policy server": (RELAY + POLICY, GOOD),
    "another relayhost for some": (RELAY, GOOD + "rewrite2 unix - - n - - trivial-rewrite\n -o relayhost=\n"),
    "mailboxes elsewhere": (f"{RELAY}mailbox_transport_maps = static:smtp:[a.example]\n", GOOD),
    "the first of two relayhosts": ("relayhost = [a.example]:587, [b.example]:587\n", GOOD),
}


@pytest.mark.parametrize(("main_cf", "master_cf"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_where_mail_may_go_elsewhere_nothing_is_said_of_a_list_without_the_relayhost(
    tmp_path: Path, main_cf: str, master_cf: str
) -> None:
    files = {"routes": "/./ smtp:[a.example]\n", "checks": "/^X-Slow:/ FILTER smtp:[a.example]\n"}
    planted = Planted("", f"{main_cf}{LIST}a.example\n", master_cf, files=files)
    ids = [finding.kind.id for finding in found(write(tmp_path, planted))]
    assert "list-unasked" not in ids
