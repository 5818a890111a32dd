"""`scache install --compiled`, on the compiled build: what it writes, renews and removes; that it serves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from conformance.lab.experiment import run_scenario
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.scenarios import scenario_named
from conformance.postfix.installations import private_postfix
from conformance.postfix.master import Command
from scache.admin.compiled import directories
from tests.admin.test_install_uninstall import Instance
from tests.support.started import SERVE, Started

pytestmark = [pytest.mark.postfix, pytest.mark.compiled]

MIXED = scenario_named("mixed")
assert MIXED is not None


def installed(tmp_path: Path) -> tuple[Instance, Path]:
    """An instance with the compiled daemon, and the directory that this runs from."""
    instance = Instance(tmp_path)
    tmp_path.chmod(0o755)
    assert instance.run("install", "--compiled") == 0
    (directory,) = directories(instance.program)
    return instance, directory


def contents(place: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_what_is_installed_runs_extension_modules_and_serves(tmp_path: Path) -> None:
    instance, directory = installed(tmp_path)
    with (
        Started(Command(instance.program, ("scache",)), (*SERVE, "-c")) as daemon,
        daemon.connect() as client,
    ):
        assert client.recv(100) == b"protocol\0connection_cache_protocol\0\0"
        mapped = Path(f"/proc/{daemon.child.pid}/maps").read_text()
        assert mapped.count(f"{directory}/scache/daemon/server.") > 0
        shutil.rmtree(directory)  # all that it needs is loaded before it changes its root
        client.send(b"request\0find_endp\0label\0x\0\0")
        assert client.recv(100) == b"status\x002\0property\0\0\0"
        daemon.child.close_status()
        assert daemon.exit_status() == 0


def test_installing_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    instance, _directory = installed(tmp_path)
    before = contents(tmp_path)
    capsys.readouterr()
    assert instance.run("install", "--compiled", "--ensure") == 0
    assert capsys.readouterr().out == "unchanged\n"
    assert contents(tmp_path) == before


@pytest.mark.parametrize("damage", ["changed", "missing", "more", "gone"])
def test_a_directory_that_is_not_as_it_was_is_made_anew(
    tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    instance, directory = installed(tmp_path)
    before = contents(tmp_path)
    module = next(directory.rglob("server.*.so"))
    match damage:
        case "changed":
            module.write_bytes(b"")
        case "missing":
            module.unlink()
        case "more":
            directory.joinpath("more").touch()
        case "gone":
            shutil.rmtree(directory)
    capsys.readouterr()
    assert instance.run("install", "--compiled", "--ensure") == 0
    assert capsys.readouterr().out == "changed\n"
    assert contents(tmp_path) == before


def test_the_sources_daemon_takes_the_compiled_ones_place_and_the_other_way_round(tmp_path: Path) -> None:
    instance, directory = installed(tmp_path)
    assert instance.run("install") == 0
    assert directories(instance.program) == []
    assert instance.run("install", "--compiled") == 0
    assert directories(instance.program) == [directory]


def test_an_older_build_goes(tmp_path: Path) -> None:
    instance, directory = installed(tmp_path)
    shutil.copytree(directory, instance.daemons / f"scache-python-{'0' * 16}")
    instance.program.write_bytes(instance.program.read_bytes()[:-1])  # another build's
    assert instance.run("install", "--compiled") == 0
    assert directories(instance.program) == [directory]


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    instance = Instance(tmp_path)
    before = contents(tmp_path)
    assert instance.run("install", "--compiled") == 0
    assert instance.run("uninstall") == 0
    assert contents(tmp_path) == before
    assert os.listdir(instance.daemons) == []


def test_a_dry_run_names_the_directory_and_makes_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(tmp_path)
    assert instance.run("install", "--compiled", "--dry-run") == 0
    assert f"would write {instance.program}-" in capsys.readouterr().out
    assert os.listdir(instance.daemons) == []


def test_mail_flows_through_it_under_master() -> None:
    outcome = run_scenario(MIXED, VARIANTS["compiled"], private_postfix(), long=False)
    assert outcome.delivered == 200
    assert outcome.reused > 150
    assert not outcome.warnings()
