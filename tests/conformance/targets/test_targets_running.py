"""The target for a server that runs already: no clock, no log, no end, and nothing left in its cache."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.contract.target import Daemon, Received
from conformance.targets import parse_target, running_server
from conformance.targets.running_server import RunningServerTarget
from scache.errors import UnavailableError
from scache.protocol.dialect import ANNOUNCEMENT, DUMMY

pytestmark = pytest.mark.lasting

SAVE_E = b"request\0save_endp\0ttl\x002\0label\0E\0property\0P\0\0"
SAVE_D = b"request\0save_dest\0ttl\x001\0label\0D\0property\0DP\0label\0E\0\0"
FIND_E = b"request\0find_endp\0label\0E\0\0"
FIND_D = b"request\0find_dest\0label\0D\0\0"
OK = b"status\x000\0\0"
MISS = b"status\x002\0property\0\0\0"


def serve(directory: Path, *options: str) -> subprocess.Popen[bytes]:
    """Run `scache serve` on the socket `s` in this directory; returns once it says that it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(directory / "notify"))
        process = subprocess.Popen(
            [sys.executable, "-m", "scache", "serve", "--socket", str(directory / "s"), *options],
            env={**os.environ, "NOTIFY_SOCKET": str(directory / "notify")},
            stderr=subprocess.DEVNULL,
        )
        notify.settimeout(30)
        assert b"READY=1" in notify.recv(4096)
    return process


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        process = serve(Path(directory))
        yield Path(directory, "s")
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def target(path: Path) -> RunningServerTarget:
    """One for all tests: what the server is, is found out but once, as that takes seconds."""
    return RunningServerTarget("socket", path)


@pytest.fixture
def daemon(target: RunningServerTarget) -> Iterator[Daemon]:
    running = target.start()
    yield running
    running.stop()


def save(daemon: Daemon, token: str) -> None:
    peer = daemon.connect()
    assert peer.receive() == Received(ANNOUNCEMENT)
    peer.send(SAVE_E)  # >>
    assert peer.receive() == Received(DUMMY)  # <<
    peer.send(b"\0", [token])  # >>
    assert peer.receive() == Received(OK)  # <<


def test_it_answers_as_any_daemon_does(daemon: Daemon) -> None:
    save(daemon, "A")
    assert daemon.is_open("A")
    peer = daemon.connect()
    peer.receive()
    peer.send(FIND_E)
    peer.receive()
    peer.send(DUMMY)
    assert peer.receive() == Received(b"\0", ("A",))
    assert not daemon.is_open("A")


def test_sessions_that_a_case_leaves_are_taken_out(target: RunningServerTarget) -> None:
    first = target.start()
    save(first, "A")
    save(first, "B")
    first.stop()
    first.stop()
    second = target.start()
    peer = second.connect()
    peer.receive()
    peer.send(FIND_E)
    assert peer.receive() == Received(MISS)
    second.stop()


def test_bindings_that_a_case_leaves_are_waited_for(
    target: RunningServerTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_server, "_TTL_LIMIT", 1.0)
    first = target.start()
    peer = first.connect()
    peer.receive()
    peer.send(SAVE_D)
    assert peer.receive() == Received(OK)
    first.stop()
    second = target.start()
    save(second, "A")
    peer = second.connect()
    peer.receive()
    peer.send(FIND_D)
    assert peer.receive() == Received(b"status\x002\0property\0\0property\0\0\0")
    second.stop()


def test_without_a_process_to_watch_silence_has_to_do(
    target: RunningServerTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_server, "_holders", lambda _: [1, 2])
    daemon = target.start()
    save(daemon, "A")
    daemon.stop()


def test_a_server_that_does_not_announce_is_of_the_older_dialect() -> None:
    with tempfile.TemporaryDirectory() as directory:
        process = serve(Path(directory), "-o", "scache_announce=no")
        daemon = parse_target(f"socket:{directory}/s").start()
        assert not daemon.dialect.announcement
        daemon.stop()
        process.terminate()
        process.wait()


def test_what_needs_more_than_the_socket_is_unavailable(daemon: Daemon, target: RunningServerTarget) -> None:
    for use in (daemon.log, daemon.terminate, daemon.lose_master, daemon.exit_status):
        with pytest.raises(UnavailableError, match="is not the bench's"):
            use()
    with pytest.raises(UnavailableError, match="the clock of a running server"):
        daemon.advance(1)
    with pytest.raises(UnavailableError, match="max_idle"):
        target.start({"max_idle": "1s"})
