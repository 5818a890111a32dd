"""Installing where something comes in between: other runs, a kill, a failing reload, files that stay."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scache.admin.instance import PostfixInstance
from scache.errors import UnavailableError
from tests.admin.test_install_uninstall import DEFAULT, OTHERS, Instance
from tests.admin.test_install_uninstall import found as found_in

pytestmark = pytest.mark.postfix

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir")
KILLED = 137
AS_INSTALLED = DEFAULT.replace("1       scache", "1 scache-python") + OTHERS


def found(instance: Instance, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """IDs of what check finds, but for Postfix's own programs, which aren't there."""
    return [each for each in found_in(instance, capsys) if each != "agent-program-missing"]


def killed_before_change(instance: Instance, command: str, number: int) -> bool:
    """Run a command in a process that is killed before its change of this number, if it gets so far."""
    child = os.fork()
    if not child:
        left = [number]

        def look(event: str, arguments: tuple[object, ...]) -> None:
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
            if (event in CHANGES or writes) and str(instance.directory.parent) in str(arguments[0]):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(KILLED)

        sys.addaudithook(look)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os._exit(instance.run(command))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


@pytest.mark.lasting
@pytest.mark.parametrize("following", ["install", "uninstall"])
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_killed_before_any_change_it_leaves_what_the_next_run_brings_to_an_end(
    tmp_path: Path, command: str, following: str, capsys: pytest.CaptureFixture[str]
) -> None:
    number, was_killed = 0, True
    while was_killed:
        (tmp_path / str(number)).mkdir()
        instance = Instance(tmp_path / str(number))
        before = instance.files()
        if command == "uninstall":
            assert instance.run("install") == 0
        was_killed = killed_before_change(instance, command, number)
        assert instance.entry()[:7] == DEFAULT.split()[:7]  # Postfix can read it at any time
        if "scache-python" in instance.entry():
            assert instance.program.exists()
        assert instance.run(following) == 0
        capsys.readouterr()
        assert [each for each in found(instance, capsys) if each.startswith("installed")] == []
        assert ("scache-python" in instance.entry()) == (following == "install")
        assert instance.run("uninstall") == 0
        assert instance.files() == before
        number += 1
    assert number > 4


def test_of_several_at_once_one_changes_something_and_the_others_find_it_done(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    command = [sys.executable, "-m", "scache", "install", "--ensure"]
    command += ["--config-directory", str(instance.directory)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _each in range(4)]
    said = sorted(each.communicate()[0] for each in running)
    assert said == ["changed\n", *["unchanged\n"] * 3]


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_reload_that_fails_leaves_all_as_it_was(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance(tmp_path)
    if command == "uninstall":
        instance.run("install")
    before = instance.files()

    def fail(_self: PostfixInstance) -> None:
        raise UnavailableError("postfix reload: failed")

    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    monkeypatch.setattr(PostfixInstance, "reload", fail)
    assert instance.run(command) == 2
    assert instance.files() == before


def test_postfix_is_reloaded_before_the_program_goes_also_where_the_entry_was_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    instance.master_cf.write_text(DEFAULT + OTHERS)
    reloads: list[bool] = []
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    monkeypatch.setattr(PostfixInstance, "reload", lambda _self: reloads.append(instance.program.exists()))
    assert instance.run("uninstall") == 0
    assert reloads == [True]


def test_a_reload_that_is_owed_is_a_finding_and_made_up_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    record = json.loads(instance.record.read_text())
    instance.record.write_text(json.dumps(record | {"reloaded": False}))
    capsys.readouterr()
    assert found(instance, capsys) == ["installed-not-reloaded"]
    reloads: list[int] = []
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    monkeypatch.setattr(PostfixInstance, "reload", lambda _self: reloads.append(1))
    assert instance.run("install") == 0
    assert reloads == [1]
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: False)
    capsys.readouterr()
    assert found(instance, capsys) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"service": 1, "before": 2, "after": 3}'])
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_damaged_record_is_none(tmp_path: Path, command: str, content: str) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    instance.run("install")
    instance.record.write_text(content)
    assert instance.run(command) == 0
    assert instance.run("uninstall") == 0
    assert instance.entry() == DEFAULT.split()
    assert instance.files().keys() == before.keys()


def test_a_program_that_nobody_may_run_is_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    instance.program.chmod(0o644)
    capsys.readouterr()
    assert found(instance, capsys) == ["cache-program-missing"]
    assert instance.run("install", "--ensure") == 0
    assert instance.program.stat().st_mode & 0o777 == 0o755
    capsys.readouterr()
    assert found(instance, capsys) == []


def test_a_master_cf_that_is_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    behind = instance.master_cf.rename(tmp_path / "elsewhere/master.cf")
    instance.master_cf.symlink_to(behind)
    assert instance.run("install") == 0
    assert instance.master_cf.is_symlink()
    assert "scache-python" in behind.read_text()
    assert instance.run("uninstall") == 0
    assert instance.master_cf.is_symlink()
    assert behind.read_text() == DEFAULT + OTHERS


def test_where_master_cf_is_mounted_with_the_entry_in_it_only_the_program_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path, AS_INSTALLED)
    monkeypatch.setattr("scache.admin.installed._mounts", lambda: frozenset({str(instance.master_cf)}))
    assert instance.run("install", "--ensure") == 0
    assert instance.run("install", "--ensure") == 0
    assert capsys.readouterr().out == "changed\nunchanged\n"
    assert not instance.record.exists()
    assert found(instance, capsys) == ["mounted-file"]


@pytest.mark.parametrize("place", ["directory", "daemons"])
def test_a_read_only_file_system_is_a_finding_and_refused_in_the_dry_run(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    there = str(getattr(instance, place))
    monkeypatch.setattr("scache.admin.installed._is_read_only", lambda path: path == there)
    assert instance.run("install", "--dry-run") == 2
    assert f"{there}: is on a read-only file system" in capsys.readouterr().err
    assert "read-only-directory" in found(instance, capsys)


def test_a_real_read_only_file_system_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = Instance(tmp_path)
    place = instance.directory
    if subprocess.run(["mount", "--bind", place, place], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a directory")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        assert instance.run("install", "--dry-run") == 2
    finally:
        subprocess.run(["umount", place], check=True)
    assert f"{place}: is on a read-only file system" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["master.cf", "."])
def test_a_file_with_the_immutable_flag_is_a_finding_and_refused_in_the_dry_run(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    there = (instance.directory / name).stat().st_ino

    def flags(descriptor: int, _request: int, _room: bytes) -> bytes:
        return (0x10 if os.fstat(descriptor).st_ino == there else 0).to_bytes(8, "little")

    monkeypatch.setattr(fcntl, "ioctl", flags)
    assert instance.run("install", "--dry-run") == 2
    assert "has a flag that forbids to change it" in capsys.readouterr().err
    assert "immutable-file" in found(instance, capsys)


def test_the_real_flag_is_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance = Instance(tmp_path)
    if subprocess.run(["chattr", "+i", instance.master_cf], check=False, capture_output=True).returncode:
        pytest.skip("no such flag here")
    try:
        assert instance.run("install", "--dry-run") == 2
    finally:
        subprocess.run(["chattr", "-i", instance.master_cf], check=True)
    assert f"do: chattr -ia {instance.master_cf}" in capsys.readouterr().err


def test_a_disk_that_is_full_is_said_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()

    def full(old: str, new: Path) -> None:
        raise OSError(28, "No space left on device", str(old), None, str(new))

    monkeypatch.setattr(os, "replace", full)
    assert instance.run("install") == 2
    assert capsys.readouterr().err == f"scache install: {instance.record}: No space left on device\n"
    assert instance.files() == before


def test_the_program_stays_while_another_entry_runs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path, DEFAULT + "slow unix - - n - 1 scache-python\n" + OTHERS)
    instance.run("install")
    assert instance.run("uninstall") == 0
    assert f"kept for {instance.directory}" in capsys.readouterr().out
    assert instance.program.exists()
