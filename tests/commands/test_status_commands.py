"""`scache status` and `scache why`, of a daemon that runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scache.cli import main
from tests.support.served import Served

D, D_RELAY = b"smtp\nexample.com\n", b"relay\nexample.com\n"
E, E_TLS, E_PORT = b"smtp\n192.0.2.1\n25\n0\n", b"smtp\n192.0.2.1\n25\n1\n", b"smtp\n192.0.2.1\n587\n0\n"
L = b"smtp\nanna@src.example\nexample.com\nmx.example.com\n192.0.2.1\n25\n0\n"
L_SENDER, L_HOP = L.replace(b"anna", b"berta"), L.replace(b"\nexample.com", b"\nexample.org")


def found(daemon: Served, destination: bytes = D) -> None:
    """Somebody takes a session."""
    taken = daemon.client.find_dest(destination)
    assert taken is not None
    os.close(taken[2])


def missed_by_destination(daemon: Served, destination: bytes = D) -> None:
    assert daemon.client.find_dest(destination) is None


def missed_by_endpoint(daemon: Served, endpoint: bytes) -> None:
    assert daemon.client.find_endp(endpoint) is None


def unknown(daemon: Served) -> None:
    missed_by_destination(daemon)


def unbound(daemon: Served) -> None:
    daemon.save(E, 2, D)
    daemon.clock.advance(2)
    daemon.client.find_endp(b"another")
    daemon.clock.advance(7)
    missed_by_destination(daemon)


def unsaved(daemon: Served) -> None:
    daemon.client.save_dest(9, D, b"SECRET", E)
    missed_by_destination(daemon)


def expired(daemon: Served) -> None:
    daemon.client.save_dest(100, D, b"SECRET", E)
    daemon.save(E, 2)
    daemon.clock.advance(2)
    daemon.client.find_endp(b"another")
    daemon.clock.advance(5)
    missed_by_destination(daemon)


def taken(daemon: Served) -> None:
    daemon.save(E, 100, D)
    found(daemon)
    daemon.clock.advance(3)
    missed_by_destination(daemon)


def other_service(daemon: Served) -> None:
    daemon.save(E, 100, D)
    missed_by_destination(daemon, D_RELAY)


def other(endpoint: bytes, cached: bytes = E) -> Callable[[Served], None]:
    def ask(daemon: Served) -> None:
        daemon.save(cached, 100)
        missed_by_endpoint(daemon, endpoint)

    return ask


REASONS = {
    "unknown destination": (
        unknown,
        "example.com",
        "nobody has saved anything under this label lately",
        "scache check",
    ),
    "expired binding": (
        unbound,
        "example.com",
        "the destination's bindings expired 7 s before",
        "keep connections 8 s longer",
    ),
    "binding without session": (
        unsaved,
        "example.com",
        "for which nobody has saved a session lately",
        "descriptor save failed",
    ),
    "expired": (
        expired,
        "example.com",
        "the last session of smtp/192.0.2.1/25/0 expired 5 s before",
        "keep connections 6 s longer",
    ),
    "taken": (
        taken,
        "example.com",
        "another client took the last session of smtp/192.0.2.1/25/0 3 s before",
        "as it should be",
    ),
    "transport": (
        other_service,
        "example.com",
        "smtp/example.com is cached, which differs only in the transport",
        "through one",
    ),
    "TLS level": (other(E_TLS), "192.0.2.1", "differs only in the TLS level", "smtp_tls_policy_maps"),
    "port": (other(E_PORT), "192.0.2.1", "differs only in the port", "one port"),
    "sender and SASL user": (
        other(L_SENDER, L),
        "192.0.2.1",
        "differs only in the sender, and with it the login (SASL user)",
        "smtp_sender_dependent_authentication",
    ),
    "login": (
        other(L),
        "192.0.2.1",
        "differs only in the login: only one of the two is made for passwords",
        "smtp_sasl_password_maps",
    ),
    "next hop": (other(L_HOP, L), "192.0.2.1", "differs only in the next hop", "one name in all routes"),
}


@pytest.mark.parametrize(("happened", "name", "reason", "cure"), REASONS.values(), ids=REASONS)
def test_why_says_the_reason_and_what_to_set(
    happened: Callable[[Served], None],
    name: str,
    reason: str,
    cure: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Served(tmp_path / "s") as daemon:
        happened(daemon)
        main(["why", "--socket", str(tmp_path / "s"), name])
    printed = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert reason in printed
    assert cure in printed
    assert "SECRET" not in printed


def test_why_is_0_for_what_is_cached_and_1_for_what_isnt(tmp_path: Path) -> None:
    with Served(tmp_path / "s") as daemon:
        daemon.save(E, 100, D)
        assert main(["why", "--socket", str(tmp_path / "s"), "example.com"]) == 0
        assert main(["why", "--socket", str(tmp_path / "s"), "example.net"]) == 1


def test_a_first_delivery_needs_no_cure_once_there_is_a_connection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Served(tmp_path / "s") as daemon:
        missed_by_destination(daemon)
        daemon.save(E, 100, D)
        assert main(["why", "--socket", str(tmp_path / "s"), "example.com"]) == 0
    assert "That was a first delivery" in re.sub(r"\s+", " ", capsys.readouterr().out)


def test_of_several_names_that_hold_a_word_the_very_one_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Served(tmp_path / "s") as daemon:
        daemon.save(E, 100, D, b"smtp\nnotexample.com\n")
        main(["why", "--socket", str(tmp_path / "s"), "example.com"])
    assert "notexample" not in capsys.readouterr().out


def test_status_tells_what_is_cached_and_which_settings_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Served(tmp_path / "s", goodbye={b"smtp": b"QUIT\r\n"}) as daemon:
        daemon.save(E, 100, D)
        daemon.save(E, 100)
        found(daemon)
        missed_by_endpoint(daemon, E_TLS)
        daemon.clock.advance(70)
        assert main(["status", "--socket", str(tmp_path / "s")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "scache 0.1.0, up 70 s, 2 clients",
        "cached: 1 sessions of 1 endpoints, 1 bindings of 1 destinations, 0.1 kB",
    ]
    for line in (
        "lookups by destination: 1 hits, 0 misses, 100.0%",
        "connection_cache_ttl_limit = 1000s",
        "scache_goodbye = smtp:QUIT",
        "       1       0     30 s  smtp/example.com",
        "       0       0         1    70 s     30 s  smtp/192.0.2.1/25/0",
    ):
        assert line in lines
    assert any(line.startswith("  70 s ago, smtp/192.0.2.1/25/1: nobody has saved") for line in lines)


def test_status_as_json_is_what_the_daemon_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path / "s") as daemon:
        daemon.save(E, 100, D)
        assert main(["status", "--json", "--socket", str(tmp_path / "s")]) == 0
    assert json.loads(capsys.readouterr().out)["cached"]["sessions"] == 1


@pytest.mark.parametrize("command", [["status"], ["why", "example.com"]])
def test_of_a_cache_that_tells_nothing_its_log_is_shown(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(
        "Nov  3 11:10:00 mx postfix/scache[1]: statistics: domain lookup hits=3 miss=1 success=75%\n"
    )
    with Served(tmp_path / "s", status_request=False):
        assert main([*command, "--socket", str(tmp_path / "s"), "--log", str(log)]) == 1
    printed = capsys.readouterr().out
    assert "s: answers, but the server tells nothing of itself: Postfix's doesn't" in printed
    assert "lookups by destination: 3 hits, 1 misses, 75.0% (by the log)" in printed


def test_of_a_socket_alone_no_log_is_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path / "s", status_request=False):
        assert main(["status", "--socket", str(tmp_path / "s")]) == 1
    assert "no mail log is known (--log FILE): the socket alone names none\n" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["status"], ["why", "example.com"], ["top"]])
def test_a_cache_that_isnt_there_is_named(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--socket", str(tmp_path / "s")]) == 2
    assert "/s: No such file or directory" in capsys.readouterr().err
