"""What the bench finds out about a program that it knows nothing of."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import tests.support.old_scache
from conformance.contract.found import Found, as_release
from conformance.postfix.installations import installed_postfix
from conformance.targets import parse_target
from conformance.targets.spawned import SpawnedTarget
from scache.protocol.dialect import Dialect

pytestmark = pytest.mark.postfix

OLD = Path(tests.support.old_scache.__file__)


def script(directory: Path, *words: str) -> str:
    """The name of a target that executes these words, and then what master(8) gives a child."""
    file = directory / "program"
    file.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
    file.chmod(0o755)
    return f"program:{file}"


def found(name: str) -> Found:
    target = parse_target(name)
    assert target.unavailable() is None
    assert isinstance(target, SpawnedTarget)
    return target.found()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "lets the client speak first, waits both ways; looks like Postfix 2.6 or before"),
        (
            ("--refuse-several",),
            "lets the client speak first, waits both ways; looks like Postfix 2.7 to 2.11",
        ),
    ],
)
def test_an_old_postfix_is_known_by_what_it_does(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert str(found(script(tmp_path, sys.executable, str(OLD), *words))) == said


def test_the_real_one_is_known_by_what_it_does() -> None:
    real = found(f"program:{installed_postfix().scache.executable}")
    assert str(real) == "speaks first, waits both ways; looks like Postfix 3.6 or later"
    assert real.older == as_release(installed_postfix().version).older


@pytest.mark.parametrize(
    ("switches", "said"),
    [
        ({}, "speaks first, waits both ways"),
        ({"announce": "no"}, "lets the client speak first, waits both ways"),
        ({"read_wait": "no"}, "speaks first, waits before a descriptor only"),
        ({"write_wait": "no"}, "speaks first, waits after a descriptor only"),
        (
            {"announce": "no", "write_wait": "no", "read_wait": "no"},
            "lets the client speak first, never waits",
        ),
    ],
)
def test_each_dialect_is_found_out_and_ours_is_not_taken_for_postfix_s(
    switches: dict[str, str], said: str, tmp_path: Path
) -> None:
    options = [f"-o scache_{name}={value}" for name, value in switches.items()]
    words = [sys.executable, "-m", "scache.postfix", *options]
    assert str(found(script(tmp_path, *words))) == f"{said}; not Postfix's own daemon"


@pytest.fixture
def no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which root may not mount."""
    monkeypatch.setattr("conformance.postfix.device_log._libc.unshare", lambda _: -1)


@pytest.mark.usefixtures("no_log")
def test_a_log_that_cannot_be_had_is_unavailable(tmp_path: Path) -> None:
    target = parse_target(script(tmp_path, sys.executable, str(OLD)))
    assert isinstance(target, SpawnedTarget)
    assert str(target.found()).endswith("; its log can't be had")
    daemon = target.start()
    with pytest.raises(Exception, match="its log comes neither by syslog"):
        daemon.log()
    daemon.stop()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((shutil.which("true") or "",), "not an scache: ends at its start with status 0: no log"),
        (
            (sys.executable, "-m", "scache.postfix", "-o", "ipc_timeout=0"),
            "not an scache: ends at its start with status 1: fatal: invalid ipc_timeout: 0 (min 1)",
        ),
        (
            (sys.executable, "-c", "'while True: pass'"),
            "not an scache: hangs at its start: the daemon has computed for 1 s without coming to rest",
        ),
        (
            (sys.executable, "-c", "'import select; select.epoll().poll()'"),
            "not an scache: answers a find_endp in an empty cache with b''",
        ),
    ],
)
def test_what_is_no_scache_is_said_to_be_none_with_what_it_does(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    assert parse_target(script(tmp_path, *words)).unavailable() == said


def test_the_machine_s_own_dev_is_not_touched(tmp_path: Path) -> None:
    before = sorted(os.listdir("/dev")), Path("/proc/self/mounts").read_text()
    found(script(tmp_path, sys.executable, str(OLD)))
    assert (sorted(os.listdir("/dev")), Path("/proc/self/mounts").read_text()) == before


def test_a_dialect_has_a_name_of_its_own() -> None:
    names = {
        str(Found(Dialect(announcement=a, write_wait=b, read_wait=c)))
        for a in (True, False)
        for b in (True, False)
        for c in (True, False)
    }
    assert len(names) == 8
