"""`scache install` and `scache uninstall` on instances of a Postfix: what they change, what they refuse."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.postfix.master import Command
from scache.admin.check.installation import mounts
from scache.admin.instance import PostfixInstance
from scache.admin.zipapp import MARK
from scache.cli import main
from tests.support.configuration import settle
from tests.support.started import SERVE, Started

pytestmark = pytest.mark.postfix

OTHERS = "smtp      unix  -       -       y       -       -       smtp\n"
DEFAULT = "scache    unix  -       -       y       -       1       scache\n"


class Instance:
    """Directories like a Postfix instance's."""

    def __init__(self, base: Path, master_cf: str = DEFAULT + OTHERS, main_cf: str = "") -> None:
        self.directory = base / "config"
        self.daemons = base / "daemons"
        self.directory.mkdir()
        self.daemons.mkdir(exist_ok=True)
        self.main_cf = self.directory / "main.cf"
        self.main_cf.write_text(
            f"daemon_directory = {self.daemons}\nqueue_directory = {base / 'queue'}\n"
            f"data_directory = {base / 'data'}\n{main_cf}"
        )
        settle(self.main_cf)
        self.master_cf = self.directory / "master.cf"
        self.master_cf.write_text(master_cf)
        self.program = self.daemons / "scache-python"
        self.record = self.directory / "master.cf.scache-python"

    def run(self, command: str, *words: str) -> int:
        return main([command, "--config-directory", str(self.directory), *words])

    def files(self) -> dict[str, bytes]:
        """All files of the instance, with their content."""
        return {
            str(path): path.read_bytes()
            for directory in (self.directory, self.daemons)
            for path in sorted(directory.iterdir())
        }

    def entry(self) -> list[str]:
        words = ["postconf", "-c", str(self.directory), "-M", "scache/unix"]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


ENTRIES = {
    "Debian's": DEFAULT + OTHERS,
    "at the end, without newline": OTHERS + DEFAULT.rstrip("\n"),
    "with options": OTHERS
    + "scache unix\t- - n - 1 scache -v\n  -o max_idle=5\n\t-o { syslog_name = a b }\n"
    + OTHERS,
    "with comments inside": (
        f"# a\n{OTHERS}# b\nscache unix - - y - 1\n# c\n  # d\n   scache\n# e\n{OTHERS}# f\n"
    ),
    "with bytes that are no text": "# \udcff\udce9\n" + DEFAULT + OTHERS,
}


@pytest.mark.parametrize("master_cf", ENTRIES.values(), ids=ENTRIES)
def test_uninstall_restores_master_cf_byte_by_byte(tmp_path: Path, master_cf: str) -> None:
    instance = Instance(tmp_path)
    instance.master_cf.write_bytes(master_cf.encode("utf-8", "surrogateescape"))
    instance.master_cf.chmod(0o640)
    before = instance.files()
    assert instance.run("install") == 0
    assert "scache-python" in instance.entry()
    assert instance.master_cf.stat().st_mode & 0o777 == 0o640
    assert instance.run("uninstall") == 0
    assert instance.files() == before


def test_install_keeps_all_of_the_entry_but_the_program(tmp_path: Path) -> None:
    instance = Instance(tmp_path, ENTRIES["with options"])
    before = instance.entry()
    assert instance.run("install") == 0
    assert instance.entry() == [
        "scache-python" if word == "scache" and place else word for place, word in enumerate(before)
    ]


def test_install_never_touches_postfix_s_own_scache(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    real = instance.daemons / "scache"
    real.write_text("the real one")
    assert instance.run("install") == 0
    assert instance.run("uninstall") == 0
    assert real.read_text() == "the real one"


def test_what_is_installed_serves(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    tmp_path.chmod(0o755)
    instance.run("install")
    with (
        Started(Command(instance.program, ("scache",)), (*SERVE, "-c")) as daemon,
        daemon.connect() as client,
    ):
        assert client.recv(100) == b"protocol\0connection_cache_protocol\0\0"
        client.send(b"request\0find_endp\0label\0x\0\0")
        assert client.recv(100) == b"status\x002\0property\0\0\0"
        daemon.child.close_status()
        assert daemon.exit_status() == 0


def test_installing_again_renews_the_program_only(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    once = instance.files()
    instance.program.write_bytes(instance.program.read_bytes()[:-1])
    assert instance.run("install") == 0
    assert instance.files() == once


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_dry_run_changes_nothing(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    instance = Instance(tmp_path)
    if command == "uninstall":
        instance.run("install")
    before = instance.files()
    capsys.readouterr()
    assert instance.run(command, "--dry-run") == 0
    assert instance.files() == before
    assert all(line.startswith(("would ", "- ", "+ ")) for line in capsys.readouterr().out.splitlines())


def test_other_edits_of_master_cf_stay_through_an_uninstall(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    with instance.master_cf.open("a") as file:
        file.write("# later\n")
    assert instance.run("uninstall") == 0
    assert instance.master_cf.read_text() == DEFAULT + OTHERS + "# later\n"


def test_of_an_entry_that_was_edited_since_only_the_program_is_put_back(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    instance.master_cf.write_text(instance.master_cf.read_text().replace("scache-python", "scache-python -v"))
    assert instance.run("uninstall") == 0
    assert instance.entry() == [*DEFAULT.split(), "-v"]
    assert not instance.program.exists()


REFUSED = {
    "no entry": (OTHERS, "master.cf has no service scache/unix [cache off; cache-missing]; do: postconf"),
    "a comment": ("#" + DEFAULT + OTHERS, "its entry in master.cf is a comment"),
    "two entries": (DEFAULT + DEFAULT, "has several entries (lines 1, 2)"),
    "several processes": (
        "scache unix - - y - 0 scache\n",
        "has a process limit of 0, but scache requires 1",
    ),
    "the default limit": (
        "scache unix - - y - - scache\n",
        "has a process limit of -, but scache requires 1",
    ),
    "another type": ("scache fifo - - y - 1 scache\n", "is of the type fifo, but unix is needed"),
    "a public service": ("scache unix n - y - 1 scache\n", "has the private flag n"),
    "another program": ("scache unix - - y - 1 other\n", "runs other [cache off; cache-program]"),
    "not understood": ("scache unix - -\n", "not an entry of eight fields"),
}


@pytest.mark.parametrize(("master_cf", "error"), REFUSED.values(), ids=REFUSED)
def test_a_master_cf_that_it_cannot_take_over_is_refused_and_left_alone(
    tmp_path: Path, master_cf: str, error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path, master_cf)
    before = instance.files()
    assert instance.run("install") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert error in said.err
    assert len(said.err.splitlines()) == 1
    assert instance.files() == before


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--python", "python3"), "python3: not the absolute path of an interpreter"),
        (("--python", "/bin/false"), "/bin/false: cannot run the daemon: exit status 1"),
    ],
)
def test_an_interpreter_that_cannot_run_it_is_refused(
    tmp_path: Path, words: tuple[str, ...], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    assert instance.run("install", *words) == 2
    assert capsys.readouterr().err == f"scache install: {error}\n"
    assert instance.files() == before


def test_a_file_of_that_name_that_is_not_ours_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    instance.program.write_text("something else")
    before = instance.files()
    assert instance.run("install") == 2
    assert capsys.readouterr().err.startswith(
        f"scache install: {instance.program}: is not this program [installation; installed-program-foreign]"
    )
    assert instance.files() == before


@pytest.mark.parametrize("what", ["daemons", "directory"])
def test_a_directory_that_cannot_be_written_to_is_refused(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    closed = str(getattr(instance, what))
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != closed and allowed(path, mode))
    assert instance.run("install") == 2
    assert capsys.readouterr().err == f"scache install: {closed}: can't be written to\n"
    assert instance.files() == before


def test_a_failure_in_the_middle_of_an_installation_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    replace = os.replace

    def full(old: str, new: Path) -> None:
        if Path(new).name == "master.cf":
            raise OSError(28, "No space left on device", str(new))
        replace(old, new)

    monkeypatch.setattr(os, "replace", full)
    assert instance.run("install") == 2
    assert instance.files() == before


def test_what_is_no_instance_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "--config-directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"scache install: {tmp_path}/main.cf: No such file or directory\n"
    assert main(["uninstall", "--config-directory", str(tmp_path)]) == 2


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_a_directory_that_main_cf_does_not_name_is_refused(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    with instance.main_cf.open("a") as file:
        file.write("daemon_directory = ${daemon_directory\n")
    assert instance.run(command) == 2
    assert capsys.readouterr().err == (
        f"scache {command}: {instance.main_cf}: daemon_directory = ${{daemon_directory: no absolute path\n"
    )


def test_without_root_a_postfix_that_may_run_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    (tmp_path / "queue/pid").mkdir(parents=True)
    (tmp_path / "queue/pid/master.pid").touch()
    before = instance.files()
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert instance.run("install") == 2
    assert capsys.readouterr().err == "scache install: whether Postfix runs can be asked by root only\n"
    assert instance.files() == before


def test_nothing_installed_means_nothing_to_uninstall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    assert instance.run("uninstall") == 0
    assert capsys.readouterr().out == f"{instance.directory}: nothing is installed here\n"
    assert instance.files() == before


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_done_a_second_time_nothing_changes_and_nothing_is_reloaded(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    instance.run("install")
    instance.run(command)
    before = instance.files()
    reloads: list[int] = []
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    monkeypatch.setattr(PostfixInstance, "reload", lambda _self: reloads.append(1))
    capsys.readouterr()
    assert instance.run(command, "--ensure") == 0
    assert capsys.readouterr().out == "unchanged\n"
    assert instance.files() == before
    assert reloads == []


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_what_had_to_be_done_is_said_in_a_word(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    if command == "uninstall":
        instance.run("install")
    capsys.readouterr()
    assert instance.run(command, "--ensure") == 0
    assert capsys.readouterr().out == "changed\n"


def found(instance: Instance, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """IDs of what check finds."""
    instance.run("check", "--json")
    return [finding["id"] for finding in json.loads(capsys.readouterr().out)["findings"]]


def with_entry_put_back(base: Path) -> Instance:
    """Installed; then a configuration tool has written master.cf anew."""
    instance = Instance(base)
    instance.run("install")
    instance.master_cf.write_text(DEFAULT + OTHERS)
    return instance


def with_entry_back_though_uninstalled(base: Path) -> Instance:
    """Uninstalled; then a configuration tool has put the entry of the installation back."""
    instance = Instance(base)
    instance.run("install")
    installed = instance.master_cf.read_text()
    instance.run("uninstall")
    instance.master_cf.write_text(installed)
    return instance


STATES = {
    "installed-entry-put-back": with_entry_put_back,
    "installed-without-record": with_entry_back_though_uninstalled,
}


@pytest.mark.parametrize(("identifier", "make"), STATES.items(), ids=STATES)
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_what_a_configuration_tool_has_done_is_known_and_gone_on_from(
    tmp_path: Path,
    command: str,
    identifier: str,
    make: Callable[[Path], Instance],
    capsys: pytest.CaptureFixture[str],
) -> None:
    instance = make(tmp_path)
    capsys.readouterr()
    assert identifier in found(instance, capsys)
    assert instance.run(command) == 0
    capsys.readouterr()
    assert [each for each in found(instance, capsys) if each.startswith("installed")] == []
    assert ("scache-python" in instance.entry()) == (command == "install")
    assert instance.program.exists() == (command == "install")
    assert instance.run("uninstall") == 0
    assert instance.entry() == (DEFAULT.split())
    assert not instance.record.exists()


def test_a_master_cf_that_is_mounted_is_refused_in_the_dry_run_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    mounted = frozenset({str(instance.master_cf)})
    monkeypatch.setattr("scache.admin.installed._mounts", lambda: mounted)
    before = instance.files()
    assert instance.run("install", "--dry-run") == 2
    instance.program.write_bytes(MARK)
    instance.master_cf.write_text(DEFAULT.replace("1       scache", "1 scache-python"))
    assert instance.run("uninstall", "--dry-run") == 2
    instance.master_cf.write_text(DEFAULT + OTHERS)
    instance.program.unlink()
    said = capsys.readouterr().err.splitlines()
    assert [
        line for line in said if f"{instance.master_cf}: is a mount point, and can't be replaced" in line
    ] == said
    assert "mounted-file" in found(instance, capsys)
    assert instance.files() == before


def test_mount_points_are_read_as_the_kernel_writes_them() -> None:
    line = r"36 35 98:0 /a /etc/post\040fix/master.cf rw,noatime - ext4 /dev/x rw"
    assert mounts(f"{line}\n") == {"/etc/post fix/master.cf"}


def test_the_real_mount_of_a_file_is_seen(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    copy = tmp_path / "copy"
    copy.write_bytes(instance.master_cf.read_bytes())
    mounting = subprocess.run(["mount", "--bind", copy, instance.master_cf], check=False, capture_output=True)
    if mounting.returncode != 0:
        pytest.skip("this machine lets nobody mount a file")
    link = tmp_path / "link"
    link.symlink_to(instance.directory)
    try:
        assert instance.run("install", "--dry-run") == 2
        assert main(["install", "--dry-run", "--config-directory", str(link)]) == 2
    finally:
        subprocess.run(["umount", instance.master_cf], check=True)


def test_the_service_is_the_one_that_delivery_agents_ask(tmp_path: Path) -> None:
    instance = Instance(
        tmp_path,
        DEFAULT + "other unix - - n - 1 scache\n" + OTHERS,
        "connection_cache_service_name = other\n",
    )
    assert instance.run("install") == 0
    text = instance.master_cf.read_text()
    assert DEFAULT in text
    assert text.count("scache-python") == 1


def test_an_old_postfix_gets_a_daemon_that_does_not_speak_first(tmp_path: Path) -> None:
    instance = Instance(tmp_path, main_cf="mail_version = 3.5.25\n")
    assert instance.run("install") == 0
    assert instance.entry()[-3:] == ["scache-python", "-o", "scache_announce=no"]


def test_the_program_stays_while_another_instance_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = Instance(tmp_path / "other", main_cf=f"daemon_directory = {tmp_path / 'daemons'}\n")
    default = Instance(tmp_path, main_cf=f"multi_instance_directories = {other.directory}\n")
    monkeypatch.setenv("MAIL_CONFIG", str(default.directory))
    assert main(["install"]) == 0
    assert other.run("install") == 0
    assert main(["uninstall"]) == 0
    assert f"{default.program}: kept for {other.directory}" in capsys.readouterr().out
    assert default.program.exists()
    assert other.run("uninstall") == 0
    assert not default.program.exists()


def test_a_running_postfix_is_reloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = Instance(tmp_path)
    reloads: list[bool] = []
    monkeypatch.setattr(PostfixInstance, "is_running", lambda _self: True)
    monkeypatch.setattr(
        PostfixInstance, "reload", lambda _self: reloads.append("scache-python" in instance.entry())
    )
    assert instance.run("install") == 0
    assert instance.run("uninstall") == 0
    assert reloads == [True, False]


@pytest.mark.interpreted
def test_without_a_compiled_build_nothing_compiled_is_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    before = instance.files()
    assert instance.run("install", "--compiled") == 2
    assert "this scache has no compiled build for it; install one" in capsys.readouterr().err
    assert instance.files() == before
