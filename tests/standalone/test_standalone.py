"""`scache serve` as a process: what an operator types, and what happens."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from scache.cli import main
from scache.client import Client
from scache.errors import ConfigurationError, ProtocolError
from scache.protocol.dialect import Dialect
from scache.standalone.daemon import read_settings
from tests.support.forked import ended


class Running:
    """A daemon that is told by its supervisor's socket when it is ready."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.path = folder / "scache"
        self.supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.supervisor.bind(str(folder / "notify"))
        self.supervisor.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scache", "serve", "--socket", str(self.path), *arguments],
            env={**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "TZ": "UTC", **(environment or {})},
            stderr=subprocess.PIPE,
            text=True,
        )

    def hears(self) -> str:
        return self.supervisor.recv(4096).decode().split("\n")[0]

    def ends(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, list[str]]:
        self.process.send_signal(number)
        _out, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.splitlines()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.supervisor.close()


class Start(Protocol):
    def __call__(self, *arguments: str, environment: dict[str, str] | None = None) -> Running: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running = []

    def start(*arguments: str, environment: dict[str, str] | None = None) -> Running:
        running.append(Running(tmp_path, *arguments, environment=environment))
        assert running[-1].hears() == "READY=1"
        return running[-1]

    yield start
    for daemon in running:
        daemon.close()


def refused(*arguments: str) -> tuple[int, list[str]]:
    done = ended(main, ["serve", *arguments])
    return done.status, done.err.splitlines()


def test_a_session_comes_back_to_another_client_as_the_same_socket(start: Start) -> None:
    daemon = start()
    near, far = socket.socketpair()
    with far, near, Client(str(daemon.path)) as saver, Client(str(daemon.path)) as finder:
        assert saver.save_endp(2, b"E", b"EP", far.fileno())
        assert saver.save_dest(2, b"D", b"DP", b"E")
        found = finder.find_dest(b"D")
        assert found is not None
        dest_prop, endp_prop, descriptor = found
        with socket.socket(fileno=descriptor) as session:
            session.sendall(b"QUIT\r\n")
        assert (dest_prop, endp_prop, near.recv(100)) == (b"DP", b"EP", b"QUIT\r\n")
        assert finder.find_endp(b"E") is None
    status, lines = daemon.ends()
    assert (status, lines[1:]) == (
        0,
        [
            "statistics: domain lookup hits=1 miss=0 success=100%",
            "statistics: address lookup hits=0 miss=1 success=0%",
            "statistics: max simultaneous domains=1 addresses=1 connection=1",
        ],
    )
    assert lines[0].startswith("statistics: start interval ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_and_takes_its_socket_away(start: Start, number: signal.Signals) -> None:
    daemon = start()
    assert daemon.ends(number) == (0, [])
    assert daemon.hears() == "STOPPING=1"
    assert not daemon.path.exists()


def test_the_socket_is_its_owners_alone_unless_told_otherwise(start: Start) -> None:
    assert stat.S_IMODE(start().path.stat().st_mode) == 0o600


def test_the_socket_gets_the_mode_that_is_asked_for(start: Start) -> None:
    daemon = start("--mode", "0660", "--group", str(os.getgid()))
    assert stat.S_IMODE(daemon.path.stat().st_mode) == 0o660


def test_a_stale_socket_is_replaced(start: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "scache"))
    with Client(str(start().path)) as client:
        assert client.find_endp(b"E") is None


def test_a_living_servers_socket_is_left_alone(start: Start) -> None:
    daemon = start()
    assert refused("--socket", str(daemon.path)) == (
        2,
        [f"scache serve: {daemon.path}: in use by a living server"],
    )
    with Client(str(daemon.path)) as client:
        assert client.find_endp(b"E") is None


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mail")
    assert refused("--socket", str(precious)) == (
        2,
        [f"scache serve: {precious}: exists and is not a socket"],
    )
    assert precious.read_text() == "mail"


def test_a_user_who_is_not_allowed_is_turned_away(start: Start) -> None:
    daemon = start("--allow-user", "12345")
    with pytest.raises((ProtocolError, ConnectionError)):
        Client(str(daemon.path))
    assert daemon.ends() == (0, [f"warning: client of user {os.getuid()} turned away"])


def test_an_allowed_user_is_served(start: Start) -> None:
    with Client(str(start("--allow-user", str(os.getuid())).path)) as client:
        assert client.find_endp(b"E") is None


def test_sighup_reads_the_configuration_and_keeps_the_sessions(start: Start, tmp_path: Path) -> None:
    main_cf = tmp_path / "main.cf"
    main_cf.write_text("connection_cache_ttl_limit = 1000s\n")
    daemon = start("--config-directory", str(tmp_path))
    near, far = socket.socketpair()
    with far, near, Client(str(daemon.path)) as client:
        assert client.save_endp(1000, b"E", b"P", far.fileno())
        main_cf.write_text("connection_cache_ttl_limit = 5x\n")
        daemon.process.send_signal(signal.SIGHUP)
        assert [daemon.hears(), daemon.hears()] == ["RELOADING=1", "READY=1"]
        main_cf.write_text("connection_cache_ttl_limit = 500s\n")
        daemon.process.send_signal(signal.SIGHUP)
        assert [daemon.hears(), daemon.hears()] == ["RELOADING=1", "READY=1"]
        found = client.find_endp(b"E")
        assert found is not None
        os.close(found[1])
    status, lines = daemon.ends()
    assert (status, lines[0]) == (
        0,
        "error: parameter connection_cache_ttl_limit: bad time value or unit: 5x; "
        "the old configuration stays in force",
    )


def test_sighup_says_what_only_a_new_start_changes(start: Start, tmp_path: Path) -> None:
    main_cf = tmp_path / "main.cf"
    main_cf.write_text("")
    daemon = start("--config-directory", str(tmp_path))
    main_cf.write_text("scache_status_request = no\nscache_core_dump = yes\n")
    daemon.process.send_signal(signal.SIGHUP)
    assert [daemon.hears(), daemon.hears()] == ["RELOADING=1", "READY=1"]
    with Client(str(daemon.path)) as client:
        assert client.status()["settings"]["core_dump"] is True
    assert daemon.ends()[1][:2] == [
        "warning: scache_core_dump is read at the start only",
        "warning: scache_status_request is read at the start only",
    ]


def test_the_watchdog_hears_from_a_turning_loop(start: Start) -> None:
    daemon = start(environment={"WATCHDOG_USEC": "2000000"})
    assert daemon.hears() == "WATCHDOG=1"


def passing(passed: socket.socket) -> subprocess.Popen[str]:
    """A daemon that is started as systemd starts it, with a socket at descriptor 3."""
    code = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', "
        "LISTEN_PID=str(os.getpid())); "
        "os.execv(sys.executable, [sys.executable, '-m', 'scache', 'serve'])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(passed.fileno())],
        pass_fds=[passed.fileno()],
        stderr=subprocess.PIPE,
        text=True,
    )


PASSED = [
    (socket.AF_INET, socket.SOCK_STREAM, "a socket of AF_INET"),
    (socket.AF_UNIX, socket.SOCK_DGRAM, "a socket of SOCK_DGRAM"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "a socket that doesn't listen"),
]


@pytest.mark.parametrize(("family", "kind", "said"), PASSED)
def test_a_socket_of_systemd_that_can_not_be_served_on_is_refused(
    family: socket.AddressFamily, kind: socket.SocketKind, said: str
) -> None:
    with socket.socket(family, kind) as passed:
        _, err = (daemon := passing(passed)).communicate(timeout=30)
    assert daemon.returncode == 2
    assert err == (
        f"scache serve: systemd passes {said}, and a listening stream socket in the file system is wanted\n"
    )


def test_systemd_passes_the_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "passed"))
        listening.listen()
        daemon = passing(listening)
    with Client(str(tmp_path / "passed")) as client:
        assert client.find_endp(b"E") is None
    daemon.terminate()
    daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    assert (tmp_path / "passed").exists()


SHORTENED = f"scache serve: bad boolean configuration: scache_announce = {'y' * 500}"[:497] + "..."

REFUSED = [
    ((), "scache serve: --socket PATH is missing, and systemd passes no socket"),
    (("--socket", "x" * 200), f"scache serve: {'x' * 200}: AF_UNIX path too long"),
    (("--socket", "/nonexistent/s"), "scache serve: /nonexistent/s: No such file or directory"),
    (("--socket", "s", "--mode", "9"), "scache serve: --mode 9: not an octal number from 0 to 777"),
    (("--socket", "s", "--mode", "-1"), "scache serve: --mode -1: not an octal number from 0 to 777"),
    (("--socket", "s", "--mode", "0o17"), "scache serve: --mode 0o17: not an octal number from 0 to 777"),
    (
        ("--socket", "s", "--mode", "77777777"),
        "scache serve: --mode 77777777: not an octal number from 0 to 777",
    ),
    (("--socket", "s", "--mode", "4600"), "scache serve: --mode 4600: not an octal number from 0 to 777"),
    (("--socket", "s", "--owner", "no-such-user"), "scache serve: --owner no-such-user: no such name"),
    (("--socket", "s", "--group", "no-such-group"), "scache serve: --group no-such-group: no such name"),
    (
        ("--socket", "s", "--owner", "99999999999"),
        "scache serve: --owner 99999999999: beyond the largest id, 4294967294",
    ),
    (
        ("--socket", "s", "--group", "4294967295"),
        "scache serve: --group 4294967295: beyond the largest id, 4294967294",
    ),
    (
        ("--socket", "s", "--allow-user", "9" * 5000),
        f"scache serve: --allow-user {'9' * 5000}"[:497] + "...",
    ),
    (
        ("--socket", "s", "--allow-user", "99999999999"),
        "scache serve: --allow-user 99999999999: beyond the largest id, 4294967294",
    ),
    (
        ("--socket", "s", "--allow-user", "no-such-user"),
        "scache serve: --allow-user no-such-user: no such name",
    ),
    (("--socket", "no/../.."), "scache serve: no/../..: names no file"),
    (("--socket", "s", "-o", f"scache_announce={'y' * 100_000}"), SHORTENED),
    (
        ("--socket", "s", "x" * 100_000),
        f"scache: unrecognized arguments: {'x' * 500}"[:497] + "... (see scache --help)",
    ),
    (("--socket", "s", "-o", "ttl=1"), "scache serve: -o ttl=1: unknown parameter: ttl"),
    (
        ("--socket", "s", "-o", "ipc_timeout=1y"),
        "scache serve: parameter ipc_timeout: bad time value or unit: 1y",
    ),
    (
        ("--socket", "s", "-o", "connection_cache_ttl_limit=0"),
        "scache serve: invalid connection_cache_ttl_limit: 0 (min 1)",
    ),
    (
        ("--socket", "s", "-o", "scache_announce=maybe"),
        "scache serve: bad boolean configuration: scache_announce = maybe",
    ),
    (
        ("--socket", "s", "-o", "scache_message_limit=1k"),
        "scache serve: bad numerical configuration: scache_message_limit = 1k",
    ),
]


@pytest.mark.parametrize(("arguments", "line"), REFUSED)
def test_what_cannot_be_served_is_refused_in_one_line(
    arguments: tuple[str, ...], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(*arguments) == (2, [line])
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_refused_with_status_2() -> None:
    line = "scache: unrecognized arguments: --bogus (see scache --help)"
    assert refused("--socke", "x", "--bogus") == (2, [line])


def test_settings_come_from_the_file_and_then_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "main.cf").write_text(
        "connection_cache_ttl_limit = 1h\nmax_idle = 5m\nipc_timeout = $max_idle\n"
    )
    settings = read_settings(str(tmp_path), ["max_idle=7", "scache_read_wait=no"], print)
    assert (settings.ttl_limit, settings.max_idle, settings.ipc_timeout) == (3600, 7, 7)
    assert not settings.dialect.read_wait


def test_an_absent_configuration_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_settings(str(tmp_path), [], print)


@pytest.mark.parametrize("write_wait", ["yes", "no"])
@pytest.mark.parametrize("read_wait", ["yes", "no"])
@pytest.mark.parametrize("announcement", ["yes", "no"])
def test_client_and_daemon_agree_in_every_dialect(
    start: Start, announcement: str, write_wait: str, read_wait: str
) -> None:
    options = {"announce": announcement, "write_wait": write_wait, "read_wait": read_wait}
    daemon = start(*[word for name, value in options.items() for word in ("-o", f"scache_{name}={value}")])
    dialect = Dialect(
        announcement=announcement == "yes", write_wait=write_wait == "yes", read_wait=read_wait == "yes"
    )
    near, far = socket.socketpair()
    with far, near, Client(str(daemon.path), dialect=dialect) as client:
        assert client.save_dest(2, b"D", b"", b"E")
        assert client.save_endp(2, b"E", b"P" * 10000, far.fileno())
        found = client.find_dest(b"D")
        assert found is not None
        os.close(found[2])
        assert found[:2] == (b"", b"P" * 10000)
        assert client.find_endp(b"E") is None


def test_a_session_that_its_remote_side_has_closed_can_be_skipped(start: Start) -> None:
    daemon = start("-o", "scache_skip_closed=yes", "-o", "connection_cache_ttl_limit=1000")
    gone, alive = socket.socketpair(), socket.socketpair()
    with alive[0], Client(str(daemon.path)) as client:
        for (near, far), prop in ((gone, b"gone"), (alive, b"alive")):
            assert client.save_endp(1000, b"E", prop, far.fileno())
            far.close()
            if prop == b"gone":
                near.close()
        found = client.find_endp(b"E")
        assert found is not None
        os.close(found[1])
        assert found[0] == b"alive"


def test_a_session_that_ends_with_the_daemon_can_be_told_goodbye(start: Start) -> None:
    daemon = start("-o", "scache_goodbye=QUIT")
    near, far = socket.socketpair()
    with near, Client(str(daemon.path)) as client:
        assert client.save_endp(2, b"E", b"", far.fileno())
        far.close()
        daemon.ends()
        assert near.recv(100) == b"QUIT\r\n"
