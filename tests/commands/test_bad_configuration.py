"""The sub-commands that read a Postfix configuration or a log, with all that can be wrong with it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import scache.cli
from tests.commands.test_bad_input import DAMAGED, refused, words_of
from tests.support.forked import Ended, ended, fork

#: IN stands for a configuration directory, OUT for a file to write.
CONFIGURED = [
    "scache serve --socket OUT --config-directory IN",
    "scache check --config-directory IN",
    pytest.param("scache install --config-directory IN", marks=pytest.mark.needs("postfix")),
    pytest.param("scache uninstall --config-directory IN", marks=pytest.mark.needs("postfix")),
]
MAIN_CF = b"compatibility_level = 3.6\n"

#: What is wrong with a configuration directory: the files in it, None where it isn't there.
BROKEN: dict[str, dict[str, bytes | None] | bytes | None] = {
    "missing": None,
    "a-file": b"",
    "empty": {},
    "a-directory-as-main.cf": {"main.cf": None, "master.cf": b""},
    "no-parameter": {"main.cf": bytes(range(1, 32)) * 40, "master.cf": b""},
}

#: IN stands for a file that a program has written.
READING = ["scache tune --log IN", "scache check --postconf IN"]


def make(place: Path, files: dict[str, bytes | None] | bytes | None) -> None:
    if isinstance(files, bytes):
        place.write_bytes(files)
    elif files is not None:
        place.mkdir()
        for name, content in files.items():
            if content is None:
                (place / name).mkdir()
            else:
                (place / name).write_bytes(content)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("command", CONFIGURED)
def test_a_configuration_that_cannot_be_read_is_one_line(command: str, broken: str, tmp_path: Path) -> None:
    place = tmp_path / "in"
    make(place, BROKEN[broken])
    words = words_of(command, tmp_path, IN=place, OUT=tmp_path / "out")
    there = sorted(tmp_path.rglob("*"))
    result = ended(scache.cli.main, words)
    if "check" in words and broken == "no-parameter":  # that is what it is there to say
        assert (result.status, result.err) == (1, "")
        assert f"{place}/main.cf:1: " in result.out
    elif "uninstall" in words and broken == "no-parameter":  # as far as can be read, there is nothing to do
        assert result == Ended(0, f"{place}: nothing is installed here\n", "")
    else:
        refused(result, naming=place)
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.parametrize("command", CONFIGURED)
def test_a_configuration_that_may_not_be_read_is_one_line(command: str, tmp_path: Path) -> None:
    place = tmp_path / "in"
    make(place, {"main.cf": MAIN_CF, "master.cf": b""})
    (place / "main.cf").chmod(0)
    place.chmod(0o755)
    words = words_of(command, tmp_path, IN=Path("in"), OUT=Path("out"))

    def as_somebody() -> None:
        os.chdir(tmp_path)
        if os.geteuid() == 0:  # who is never refused a file
            os.setegid(65534)
            os.seteuid(65534)

    result = ended(scache.cli.main, words, as_somebody)
    assert (result.status, result.err.count("\n")) == (2, 1), result
    assert "in/main.cf: Permission denied" in result.err or "root" in result.err


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("command", READING)
def test_what_a_program_has_not_written_is_one_line(command: str, damage: str, tmp_path: Path) -> None:
    place = tmp_path / damage
    content = DAMAGED[damage]
    if content is ...:
        place.mkdir()
    elif isinstance(content, bytes):
        place.write_bytes(content)
    refused(ended(scache.cli.main, words_of(command, tmp_path, IN=place)), naming=place)


@pytest.mark.parametrize("command", READING)
def test_an_interrupt_while_it_is_read_is_one_line(command: str, tmp_path: Path) -> None:
    place = tmp_path / "in"
    os.mkfifo(place)
    running = fork(scache.cli.main, words_of(command, tmp_path, IN=place))
    with place.open("wb"):
        running.until_it_sleeps()
        os.kill(running.pid, signal.SIGINT)
        result = running.wait()
    assert (result.status, result.err.count("\n")) == (130, 1), result
