"""`scache check`: each classic mistake is found where it was made, and none in a default configuration."""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path

import pytest

from scache.admin.instance import PostfixInstance
from scache.admin.mistakes import mistakes
from scache.cli import main
from tests.support.configuration import settle
from tests.support.started import Started

pytestmark = pytest.mark.postfix

SERVICES = (
    "smtp unix - - y - - smtp\n"
    "relay unix - - y - - smtp\n -o syslog_name=postfix/$service_name\n"
    "lmtp unix - - y - - lmtp\n"
    "scache unix - - {chroot} - 1 scache\n"
)


def instance_with(base: Path, main_cf: str = "", master_cf: str = "", chroot: str = "n") -> PostfixInstance:
    (base / "main.cf").write_text(f"queue_directory = {base / 'queue'}\n{main_cf}")
    settle(base / "main.cf")
    (base / "master.cf").write_text(master_cf or SERVICES.format(chroot=chroot))
    return PostfixInstance(base)


def found(instance: PostfixInstance, log_socket: Path = Path("/nonexistent")) -> list[str]:
    return mistakes(instance, "scache/unix", log_socket)


PLANTED = {
    "time limit above the ttl limit": (
        "smtp_connection_cache_time_limit = 1m\n",
        [
            "smtp_connection_cache_time_limit = 1m: shortened to 2s without a word by "
            "connection_cache_ttl_limit = 2s; set connection_cache_ttl_limit = 1m"
        ],
    ),
    "the same for lmtp, with a reference": (
        "connection_cache_ttl_limit = 5s\nlonger = 6s\nlmtp_connection_cache_time_limit = $longer\n",
        [
            "lmtp_connection_cache_time_limit = 6s: shortened to 5s without a word by "
            "connection_cache_ttl_limit = 5s; set connection_cache_ttl_limit = 6s"
        ],
    ),
    "TLS without reuse": (
        "smtp_tls_security_level = encrypt\n",
        [
            "smtp_tls_connection_reuse = no: connections with TLS are never cached "
            "(smtp_tls_security_level = encrypt); set smtp_tls_connection_reuse = yes"
        ],
    ),
    "TLS without reuse, where TLS is optional": (
        "smtp_tls_security_level = may\n",
        [
            "smtp_tls_connection_reuse = no: connections with TLS are never cached "
            "(smtp_tls_security_level = may); set smtp_tls_connection_reuse = yes"
        ],
    ),
    "brackets and a port": (
        "smtp_connection_cache_destinations = "
        "example.com, [mx.example.org]:587 [192.0.2.1] relay.example:25\n",
        [
            f"smtp_connection_cache_destinations = {name}: never matches, because destinations are compared "
            f"without brackets and port; set {bare}"
            for name, bare in (
                ("[mx.example.org]:587", "mx.example.org"),
                ("[192.0.2.1]", "192.0.2.1"),
                ("relay.example:25", "relay.example"),
            )
        ],
    ),
    "a service that isn't there": (
        "connection_cache_service_name = cache\n",
        [
            "connection_cache_service_name = cache: master.cf has no such service, so nothing is cached; "
            "set it to the name of the cache's service (scache)"
        ],
    ),
}


@pytest.mark.parametrize(("main_cf", "lines"), PLANTED.values(), ids=PLANTED)
def test_a_mistake_in_main_cf_is_found_with_what_to_set(
    tmp_path: Path, main_cf: str, lines: list[str]
) -> None:
    instance = instance_with(tmp_path, main_cf)
    service = "cache/unix" if "service_name" in main_cf else "scache/unix"
    assert mistakes(instance, service, Path("/nonexistent")) == lines


INNOCENT = {
    "nothing set": "",
    "limits alike": "smtp_connection_cache_time_limit = 60s\nconnection_cache_ttl_limit = 1m\n",
    "TLS with reuse": "smtp_tls_security_level = may\nsmtp_tls_connection_reuse = yes\n",
    "TLS, but no cache": ("smtp_tls_security_level = may\nsmtp_connection_cache_on_demand = no\n"),
    "tables and bare names": (
        "smtp_connection_cache_destinations = example.com, hash:/etc/destinations, /etc/names, tcp:host:25, "
        "2001:db8::1\n"
    ),
}


@pytest.mark.parametrize("main_cf", INNOCENT.values(), ids=INNOCENT)
def test_where_there_is_no_mistake_none_is_found(tmp_path: Path, main_cf: str) -> None:
    assert found(instance_with(tmp_path, main_cf)) == []


def test_a_mistake_in_master_cf_is_found_and_named_as_such(tmp_path: Path) -> None:
    master_cf = (
        "slow unix - - n - - smtp\n -o smtp_connection_cache_time_limit=10s\n"
        "scache unix - - n - 1 scache\n -o connection_cache_ttl_limit=3s\n"
    )
    assert found(instance_with(tmp_path, master_cf=master_cf)) == [
        "smtp_connection_cache_time_limit (master.cf, slow/unix) = 10s: shortened to 3s without a word by "
        "connection_cache_ttl_limit = 3s; set connection_cache_ttl_limit = 10s"
    ]


@pytest.fixture
def log_socket(tmp_path: Path) -> Path:
    """A machine's log socket."""
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
    return path


def test_a_chroot_without_a_log_socket_is_found(tmp_path: Path, log_socket: Path) -> None:
    assert found(instance_with(tmp_path, chroot="y"), log_socket) == [
        f"chroot = y (master.cf, scache/unix): there is no log socket at {tmp_path}/queue/dev/log, so "
        "nothing is logged once syslogd has restarted; have syslogd listen there too, or set chroot = n"
    ]


def test_a_chroot_with_a_log_socket_is_no_mistake(tmp_path: Path, log_socket: Path) -> None:
    (tmp_path / "queue/dev").mkdir(parents=True)
    (tmp_path / "queue/dev/log").touch()
    assert found(instance_with(tmp_path, chroot="y"), log_socket) == []


@pytest.mark.parametrize(("chroot", "main_cf"), [("n", ""), ("y", "maillog_file = /var/log/mail.log\n")])
def test_without_chroot_or_without_syslog_there_is_no_need_for_it(
    tmp_path: Path, log_socket: Path, chroot: str, main_cf: str
) -> None:
    assert found(instance_with(tmp_path, main_cf, chroot=chroot), log_socket) == []


def test_debian_s_default_configuration_has_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("main.cf", "master.cf"):
        shutil.copy(PostfixInstance(None).directory / name, tmp_path)
    with (tmp_path / "main.cf").open("a") as file:
        file.write(f"queue_directory = {tmp_path}\n")  # of which nothing runs
    settle(tmp_path / "main.cf")
    assert found(PostfixInstance(tmp_path)) == []
    assert main(["check", "--config-directory", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path}: runs scache, not this project's daemon",
        "scache/unix: not asked, because Postfix is not running",
    ]


def test_check_prints_each_mistake_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance_with(tmp_path, PLANTED["time limit above the ttl limit"][0])
    assert main(["check", "--config-directory", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if re.match("smtp_connection_cache_time_limit = 1m: ", line)]) == 1


def test_a_running_daemon_that_answers_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    with Started() as daemon:
        instance_with(tmp_path, f"queue_directory = {daemon.instance.queue}\n")
        assert main(["check", "--config-directory", str(tmp_path)]) == 0
    assert "scache/unix: answers\n" in capsys.readouterr().out


def test_a_running_postfix_whose_cache_does_not_answer_is_not_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    instance_with(tmp_path)
    assert main(["check", "--config-directory", str(tmp_path)]) == 1
    assert "scache/unix: does not answer: [Errno 2] No such file or directory\n" in capsys.readouterr().out


def test_what_is_installed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance_with(tmp_path, f"daemon_directory = {tmp_path}\n", "scache unix - - n - 1 scache-python\n")
    main(["check", "--config-directory", str(tmp_path)])
    (tmp_path / "scache-python").touch()
    main(["check", "--config-directory", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert f"{tmp_path}: is to run {tmp_path}/scache-python, which is missing" in lines
    assert f"{tmp_path}: runs {tmp_path}/scache-python" in lines
