"""The commands `scache` and `scache-conformance` themselves."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable
from importlib import import_module

import pytest

import conformance.cli
import scache.cli
from scache.commands import program
from scache.commands.program import Command, Commands, command_of

PROGRAMS: dict[str, tuple[Callable[..., int], Commands]] = {
    "scache": (scache.cli.main, scache.cli.COMMANDS),
    "scache-conformance": (conformance.cli.main, conformance.cli.COMMANDS),
}
EACH = [(name, command) for name, (_, commands) in PROGRAMS.items() for command in commands]


@pytest.mark.parametrize(("name", "command"), EACH)
def test_every_command_explains_itself(name: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        PROGRAMS[name][0]([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: {name} {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "command"), EACH)
def test_every_command_is_a_command(name: str, command: str) -> None:
    module = PROGRAMS[name][1][command][0]
    for function in ("add_arguments", "run"):
        declared = inspect.signature(getattr(Command, function))
        parameters = list(declared.parameters.values())[1:]
        found = inspect.signature(getattr(command_of(module), function))
        assert [each.annotation for each in found.parameters.values()] == [
            each.annotation for each in parameters
        ]
        assert found.return_annotation == declared.return_annotation


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_list_of_commands_is_the_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main, commands = PROGRAMS[name]
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert [command for command in commands if f"\n  {command} " not in shown] == []


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("words", [[], ["bogus"], ["serve", "--bogus"], ["run", "--bogus"]])
def test_what_is_not_a_command_is_refused_with_status_2(name: str, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        PROGRAMS[name][0](words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "words", [["check", "--postconf", "/a\0b"], ["log", "\0"], ["serve", "--socket", "/a\0b"]]
)
def test_a_nul_among_the_words_is_refused_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert scache.cli.main(words) == 2
    assert capsys.readouterr().err == f"scache {words[0]}: no argument has a NUL in it\n"


def test_only_the_wanted_command_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set()

    def noting(name: str) -> object:
        asked.add(name)
        return import_module(name)

    monkeypatch.setattr(program, "import_module", noting)
    with pytest.raises(SystemExit):
        scache.cli.main(["serve", "--help"])
    assert asked == {scache.cli.COMMANDS["serve"][0]}


def test_an_error_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert scache.cli.main(["serve", "--socket", "/nonexistent/s"]) == 2
    assert capsys.readouterr().err == "scache serve: /nonexistent/s: No such file or directory\n"


@pytest.mark.usefixtures("signals")
def test_an_interrupt_is_no_traceback_and_no_second_one_disturbs_what_follows_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_arguments: object) -> int:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
        raise AssertionError("not interrupted")

    monkeypatch.setattr(import_module(scache.cli.COMMANDS["check"][0]), "run", interrupt)
    assert scache.cli.main(["check"]) == 130
    assert capsys.readouterr().err == "scache check: interrupted\n"
    signal.raise_signal(signal.SIGINT)


def test_a_command_that_was_not_interrupted_leaves_signals_as_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert scache.cli.main(["serve", "--socket", "/nonexistent/s"]) == 2
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("signals")
def test_sigterm_ends_a_command_as_an_exception_does(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned_up = []

    def terminate(_arguments: object) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned_up.append(True)
        raise AssertionError("not terminated")

    monkeypatch.setattr(import_module(scache.cli.COMMANDS["check"][0]), "run", terminate)
    with pytest.raises(SystemExit) as ended:
        scache.cli.main(["check"])
    assert (ended.value.code, cleaned_up) == (128 + signal.SIGTERM, [True])
