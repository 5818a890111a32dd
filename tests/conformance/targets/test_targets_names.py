"""From a target's name to the target, and what each says where it cannot run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.contract.target import Received
from conformance.targets import STANDARD, parse_target
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UnavailableError, UsageError
from scache.protocol.dialect import ANNOUNCEMENT


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_target_has_the_name_it_was_asked_for_by(name: str) -> None:
    assert parse_target(name).name == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing",
        "program:",
        "socket:",
        "postfix-x",
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        parse_target(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("program:/nonexistent/scache", "/nonexistent/scache is not a program that can be run"),
        ("program:/etc/passwd", "/etc/passwd is not a program that can be run"),
        ("socket:/nonexistent/socket", "/nonexistent/socket: No such file or directory"),
        ("socket:/etc/passwd", "/etc/passwd is not a socket"),
        ("postfix-1.0", "not fetched (python -m conformance postfix fetch)"),
    ],
)
def test_a_target_that_cannot_run_says_why(name: str, reason: str, tmp_path: Path) -> None:
    target = parse_target(name, tmp_path)
    assert target.unavailable() == reason
    with pytest.raises(UnavailableError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        target.start()


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("conformance.targets.spawned.os.geteuid", 1000, "only root can play master(8)"),
        (
            "conformance.targets.spawned.sees_other_users",
            False,
            "this process may not watch another user's (CAP_SYS_PTRACE)",
        ),
        (
            "conformance.targets.spawned.find_library",
            None,
            "libfaketime is not installed (Debian package faketime)",
        ),
        (
            "conformance.targets.spawned.supported",
            False,
            "this kernel doesn't show what a process waits for (/proc/PID/syscall) in a known form",
        ),
    ],
)
def test_what_a_process_needs_and_the_machine_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, place: str, value: object, reason: str
) -> None:
    monkeypatch.setattr("conformance.targets.spawned.os.geteuid", lambda: 0)
    monkeypatch.setattr("conformance.targets.spawned.sees_other_users", lambda: True)
    monkeypatch.setattr("conformance.targets.spawned.find_library", lambda: Path("/lib/libfaketime.so.1"))
    monkeypatch.setattr(place, lambda: value)
    assert parse_target("program:/bin/sh").unavailable() == reason


@pytest.mark.parametrize("place", ["os.geteuid", "sees_other_users", "find_library"])
def test_this_project_s_daemon_needs_neither_root_nor_libfaketime(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(f"conformance.targets.spawned.{place}", lambda: None)
    daemon = parse_target("live").start()
    peer = daemon.connect()
    assert peer.receive() == Received(ANNOUNCEMENT)
    daemon.stop()


def test_a_machine_without_postfix_has_no_postfix_target(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.postfix.installations.shutil.which", lambda *_, **__: None)
    assert parse_target("postfix").unavailable() == "no Postfix is installed (no postconf command)"


class TestRelease:
    """Releases in the cache folder; what they need to run is not looked at before they run."""

    @pytest.fixture
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("conformance.targets.installed.pwd.getpwnam", lambda _name: None)
        for suite, version in (
            ("old", "3.5.25-0+deb11u1"),
            ("a", "3.10.3-2~bpo12+1"),
            ("b", "3.10.13-0+deb13u1"),
        ):
            root = tmp_path / suite / "root"
            for name in (
                "usr/lib/postfix/sbin/scache",
                "lib64/ld-linux-x86-64.so.2",
                "usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
            ):
                (root / name).parent.mkdir(parents=True)
                (root / name).write_text(version)
                (root / name).chmod(0o755)
            (tmp_path / suite / "manifest.json").write_text(json.dumps({"suite": suite, "version": version}))
        (tmp_path / "unfinished").mkdir()
        return tmp_path

    @pytest.mark.parametrize(
        ("name", "suite"),
        [("postfix-3.5", "old"), ("postfix-3.10", "b"), ("postfix-3.10.3", "a"), ("postfix-3", "b")],
    )
    def test_the_newest_release_that_the_name_begins_is_taken(
        self, name: str, suite: str, cache: Path
    ) -> None:
        target = parse_target(name, cache)
        assert isinstance(target, SpawnedTarget)
        assert target.command.prefix[-1] == str(cache / suite / "root/usr/lib/postfix/sbin/scache")

    def test_it_runs_on_its_own_loader_libraries_and_clock(self, cache: Path) -> None:
        target = parse_target("postfix-3.5", cache)
        assert isinstance(target, SpawnedTarget)
        root = cache / "old/root"
        assert target.command.executable == root / "lib64/ld-linux-x86-64.so.2"
        assert target.command.clock_library == root / "usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
        assert target.command.prefix[1:3] == (
            "--library-path",
            f"{root}/usr/lib/postfix:{root}/usr/lib/x86_64-linux-gnu",
        )
        assert not target.found().dialect.announcement

    @pytest.mark.parametrize("name", ["postfix-3.1", "postfix-3.5.2", "postfix-3.11"])
    def test_a_release_that_is_not_there_is_said_to_be_missing(self, name: str, cache: Path) -> None:
        assert parse_target(name, cache).unavailable() == "not fetched (python -m conformance postfix fetch)"

    def test_an_incomplete_release_is_said_to_be_so(self, cache: Path) -> None:
        clock = next((cache / "old").rglob("libfaketime.so.1"))
        clock.unlink()
        reason = parse_target("postfix-3.5", cache).unavailable()
        assert reason == f"no usr/lib/*/faketime/libfaketime.so.1 under {cache}/old/root"
