"""`scache check DESTINATION --probe`: what a private Postfix makes of it, which touches nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from scache.cli import main
from tests.admin.check.planted import GOOD, TLS, Planted, write

pytestmark = [pytest.mark.postfix, pytest.mark.xdist_group("lab")]

ONLY_LIST = "smtp_connection_cache_on_demand = no\ndefault_destination_concurrency_limit = 1\n"
LONGER = "connection_cache_ttl_limit = 20s\nsmtp_connection_cache_time_limit = 20s\n"
RELAY = (
    "relayhost = [mail.example.com]:submission\nsmtp_sasl_auth_enable = yes\n"
    "smtp_sasl_password_maps = inline:{{[mail.example.com]:submission=user:secret}}\n"
    "smtp_sasl_security_options = noanonymous\nsmtp_connection_cache_destinations = mail.example.com\n"
)
LMTP = (
    "virtual_transport = lmtp:unix:PATH\nvirtual_mailbox_domains = example.com\n"
    "lmtp_connection_cache_destinations = inline:{{PATH=x}}\nlmtp_connection_cache_on_demand = no\n"
    "lmtp_destination_concurrency_limit = 1\nconnection_cache_ttl_limit = 20s\n"
    "lmtp_connection_cache_time_limit = 20s\n"
)
MAILS = 4
#: Configuration, destination, connections that MAILS mails take, and the status.
PROBES = {
    "a relay with TLS and a login": (
        ONLY_LIST + LONGER + RELAY + TLS.replace("may", "secure"),
        "example.org",
        1,
        0,
    ),
    "a list that never matches": (
        ONLY_LIST + LONGER + "smtp_connection_cache_destinations = [192.0.2.7]\n",
        "[192.0.2.7]",
        MAILS,
        1,
    ),
    "the list from its cure": (
        ONLY_LIST + LONGER + "smtp_connection_cache_destinations = 192.0.2.7\n",
        "[192.0.2.7]",
        1,
        0,
    ),
    "an IPv6 literal": (
        ONLY_LIST + LONGER + "smtp_connection_cache_destinations = inline:{{2001:db8::7=x}}\n",
        "smtp:[2001:db8::7]:2525",
        1,
        0,
    ),
    "TLS from the first byte": (
        ONLY_LIST
        + LONGER
        + "smtp_connection_cache_destinations = static:all\nsmtp_tls_wrappermode = yes\n"
        + TLS.replace("may", "encrypt"),
        "smtp:[mail.example.com]:465",
        1,
        0,
    ),
    "a value that ends the agent": ("smtp_connection_cache_time_limit = 0\n", "example.org", 0, 1),
}


@pytest.mark.parametrize(("main_cf", "destination", "connections", "status"), PROBES.values(), ids=PROBES)
def test_a_probe_counts_the_connections_that_mails_take(
    tmp_path: Path,
    main_cf: str,
    destination: str,
    connections: int,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    directory = write(tmp_path, Planted("", main_cf))
    before = sorted(os.listdir(directory))
    words = ["check", "--config-directory", str(directory), destination, f"--probe={MAILS}", "--json"]
    assert main(words) == status
    found = json.loads(capsys.readouterr().out)["probe"]
    assert (found["connections"], found["mails"]) == (connections, MAILS if connections else 0), found
    assert sorted(os.listdir(directory)) == before
    assert not (tmp_path / "queue").exists()  # that of the configuration


@pytest.mark.parametrize("is_absolute", [False, True], ids=["relative", "absolute"])
def test_a_probe_stands_in_for_a_socket_and_leaves_who_listens_there_alone(
    tmp_path: Path, is_absolute: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory() as base, socket.socket(socket.AF_UNIX) as living:
        os.chmod(base, 0o755)
        path = f"{base}/store" if is_absolute else "private/store"
        main_cf = LMTP.replace("PATH", path)
        directory = write(tmp_path, Planted("", main_cf))
        living.bind(f"{base}/store")
        living.listen()
        living.setblocking(False)
        words = ["check", "--config-directory", str(directory), "example.com", f"--probe={MAILS}"]
        assert main(words) == 0
        with pytest.raises(BlockingIOError):
            living.accept()
    assert f"probe: {MAILS} of {MAILS} mails came, over 1 connections\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--probe"], "--probe: takes a DESTINATION, and a configuration of this machine"),
        (["example.com", "--probe", "--postconf=-"], "--probe: takes a DESTINATION"),
        (["nobody@localhost", "--probe"], "no smtp(8) or lmtp(8) delivers there"),
    ],
)
def test_what_can_not_be_probed_is_refused(
    tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted("", "mydestination = localhost\n", GOOD))
    assert main(["check", "--config-directory", str(directory), *words]) == 2
    assert said in capsys.readouterr().err


def test_without_the_means_nothing_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = write(tmp_path, Planted(""))
    words = ["check", "--config-directory", str(directory), "example.com", "--probe"]
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == "unshare" else f"/usr/sbin/{name}")
    assert main(words) == 2
    assert "no unshare(1) here" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert main(words) == 2
    assert "by root only" in capsys.readouterr().err
