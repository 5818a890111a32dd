"""`scache zipapp`: the daemon as one file, with nothing else around it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conformance.postfix.master import Command
from scache.cli import main
from tests.postfix.test_postfix_process import a_whole_session
from tests.support.started import SERVE, Started

PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("program") / "scache-python"
    assert main(["zipapp", str(path), "--python", PYTHON]) == 0
    return path


@pytest.mark.needs("root")
def test_the_file_alone_is_enough_for_a_whole_session_in_a_chroot(program: Path) -> None:
    words = (
        *(*SERVE, "-c"),
        *("-o", "connection_cache_status_update_time=1", "-o", "connection_cache_ttl_limit=1"),
    )
    with Started(Command(program, ("scache",)), words) as daemon:
        a_whole_session(daemon)


def test_what_is_fatal_is_logged_under_the_name_of_scache(program: Path) -> None:
    with Started(Command(program, ("scache",)), ("-l", "-t", "x")) as daemon:
        assert daemon.exit_status() == 1
        line = daemon.instance.log_socket.recv(65536).decode()
    assert line.endswith(f" postfix/scache[{daemon.child.pid}]: fatal: unsupported transport type: x")


def test_it_holds_the_daemon_and_nothing_else(program: Path) -> None:
    names = zipfile.ZipFile(program).namelist()
    modules = {name for name in names if name.endswith(".py")}
    assert {f"{name}c" for name in modules} == set(names) - modules
    assert "scache/postfix/__main__.py" in modules
    assert not {name for name in modules if name.startswith(("scache/trace/", "scache/cli", "conformance/"))}


def test_it_holds_no_path_of_the_machine_that_made_it(program: Path) -> None:
    here = str(Path(__file__).parents[2]).encode()
    assert here not in program.read_bytes()


def test_the_same_sources_make_the_same_file(program: Path, tmp_path: Path) -> None:
    main(["zipapp", str(tmp_path / "again"), "--python", PYTHON])
    assert (tmp_path / "again").read_bytes() == program.read_bytes()


def test_another_release_of_python_uses_the_sources(program: Path, tmp_path: Path) -> None:
    """As after an upgrade of the distribution: its compiled modules carry another magic number."""
    content = program.read_bytes()
    head = content[: content.index(b"PK\3\4")]
    changed = io.BytesIO()
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, b"\0\0\0\0" + data[4:] if name.endswith(".pyc") else data)
    path = tmp_path / "scache-python"
    path.write_bytes(head + changed.getvalue())
    path.chmod(0o755)
    with Started(Command(path, ("scache",))) as daemon, daemon.connect() as client:
        assert client.recv(100) == b"protocol\0connection_cache_protocol\0\0"


def test_an_existing_file_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    assert main(["zipapp", str(path)]) == 2
    assert capsys.readouterr().err == f"scache zipapp: {path}: exists already, and nothing is overwritten\n"
    assert path.read_text() == "mine"


def test_a_directory_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["zipapp", str(tmp_path / "no/out"), "--python", PYTHON]) == 2
    complaint = f"scache zipapp: {tmp_path / 'no/out'}: its folder can't be written to\n"
    assert capsys.readouterr().err == complaint


def test_without_the_words_that_master_gives_it_says_what_it_is(program: Path) -> None:
    done = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{program}: Postfix's scache(8): its master(8) starts it\n"


def test_it_runs_isolated_from_the_environment(program: Path, tmp_path: Path) -> None:
    """PYTHONPATH and the current directory lead to no other module."""
    (tmp_path / "heapq.py").write_text("raise SystemExit(7)")
    done = subprocess.run(
        [program, "-l", "-S"],
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "MAIL_CONFIG": "/nonexistent"},
        check=False,
        timeout=20,
    )
    assert done.returncode == 1  # no main.cf
