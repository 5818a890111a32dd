"""The `scache` command itself."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from scache import cli


@pytest.mark.parametrize("command", sorted(cli._COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: scache {command}" in capsys.readouterr().out


def test_the_list_of_commands_is_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert [command for command in cli._COMMANDS if f"\n    {command}" not in shown] == []


@pytest.mark.parametrize("words", [[], ["bogus"], ["serve", "--bogus"]])
def test_what_is_not_a_command_is_refused_with_status_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


def test_only_the_wanted_command_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noting(name: str) -> object:
        asked.append(name)
        return import_module(name)

    monkeypatch.setattr(cli, "import_module", noting)
    with pytest.raises(SystemExit):
        cli.main(["serve", "--help"])
    assert asked == ["scache.standalone.daemon"]


def test_an_error_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--socket", "/nonexistent/s"]) == 2
    assert capsys.readouterr().err == "scache serve: /nonexistent/s: No such file or directory\n"


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["scache.standalone.daemon"], "run", interrupt)
    assert cli.main(["serve"]) == 130
