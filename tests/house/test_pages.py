"""Help texts, man pages and shell completion: complete, well-formed, and up to date."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance.cli
from scache.cli import ABOUT, COMMANDS
from scache.commands.program import whole_parser
from scache.config.parameters import PARAMETERS
from tests.support.pages import CONTRIB, pages, troff

MAN = ("man/scache.1", "man/scache.8", "man/scache-trace.5")
#: Lines of a terminal on which a help text is to be read at once, and the one that has too many options.
_SCREEN = 24
_LONGER = {"scache-conformance run": 30}

#: The name of each program, and what its parser is made of.
PROGRAMS = {"scache": (ABOUT, COMMANDS), "scache-conformance": ("", conformance.cli.COMMANDS)}


def parsers(program: str) -> Iterator[argparse.ArgumentParser]:
    """That of a program, and those of all its commands and of their tools."""

    def below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for inner in action.choices.values():
                    yield inner
                    yield from below(inner)

    whole = whole_parser(program, *PROGRAMS[program])
    yield whole
    yield from below(whole)


def options() -> set[str]:
    """All long options of all commands of `scache`."""
    return {
        option
        for parser in parsers("scache")
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option not in ("--help", "--version")
    }


@pytest.mark.parametrize(
    "parser", [parser for program in PROGRAMS for parser in parsers(program)], ids=lambda parser: parser.prog
)
def test_a_help_text_fits_a_screen_and_has_an_example_and_the_exit_statuses(
    parser: argparse.ArgumentParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = parser.format_help()
    assert len(text.splitlines()) <= _LONGER.get(parser.prog, _SCREEN)
    assert f"Example: {parser.prog.split()[0]} " in re.sub(r"\s+", " ", text)
    assert re.search(r"exit\s+status", text, re.IGNORECASE)


@pytest.mark.parametrize("name", ["completion/scache.bash", "completion/_scache", "completion/scache.fish"])
def test_each_option_can_be_completed(name: str) -> None:
    text = (CONTRIB / name).read_text()
    assert [option for option in sorted(options()) if option.removeprefix("--") not in text] == []
    assert [command for command in COMMANDS if command not in text] == []


def test_the_pages_name_each_command_option_and_parameter() -> None:
    commands, daemon = ((CONTRIB / name).read_text().replace("\\-", "-") for name in MAN[:2])
    assert [command for command in COMMANDS if f"scache {command}" not in commands] == []
    assert [option for option in sorted(options()) if option not in commands] == []
    assert [
        row.name for row in PARAMETERS if f"{row.name}\\fR ({row.default or 'empty'})" not in daemon
    ] == []


def test_the_page_of_the_trace_format_is_made_of_the_document() -> None:
    made = (CONTRIB / "man" / "scache-trace.5").read_text()
    assert made == pages()["man/scache-trace.5"], "python -m tests.support.pages"


def test_the_daemons_page_is_made_of_the_table() -> None:
    assert (CONTRIB / "man" / "scache.8").read_text() == pages()["man/scache.8"], (
        "python -m tests.support.pages"
    )


def test_markdown_becomes_troff() -> None:
    text = "# One\n\nA `b` [c](d).\n\n- e\n  f\n\n```\n.g\\n\n```\n\n| x | y |\n| --- | --- |\n| `h` | i |\n"
    assert troff(text, "t", 5).splitlines()[1:] == [
        ".SH ONE",
        ".PP",
        r"A \fBb\fR c.",
        r".IP \(bu 2",
        "e f",
        ".PP",
        ".nf",
        r"    .g\en",
        ".fi",
        ".TP",
        r"\fBh\fR",
        "i",
    ]


@pytest.mark.parametrize("name", MAN)
def test_a_page_is_well_formed(name: str) -> None:
    man = shutil.which("man")
    if man is None:
        pytest.skip("no man(1) here")
    done = subprocess.run(
        [man, "--warnings=mac", "-l", str(CONTRIB / name)],
        capture_output=True,
        text=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    narrow = ("cannot adjust line", "can't break line")  # a long word in a narrow column
    assert [line for line in done.stderr.splitlines() if not line.endswith(narrow)] == []
    assert done.returncode == 0


def test_bash_completes_commands_and_options() -> None:
    script = CONTRIB / "completion" / "scache.bash"
    asked = (
        f"source {script}; COMP_WORDS=(scache why --s); COMP_CWORD=2; _shtab_scache; echo ${{COMPREPLY[@]}};"
        "COMP_WORDS=(scache exp); COMP_CWORD=1; _shtab_scache; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True)
    assert done.stdout.split() == ["--socket", "exporter"]


def test_the_pages_are_in_the_source_distribution() -> None:
    assert '"contrib"' in Path(CONTRIB.parent, "pyproject.toml").read_text()
