"""What the pages tell people to type can be typed, and what they link to is there."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance.cli
import scache.cli
from scache.commands.program import Commands, command_of

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("conformance/traces/**/*.md")])
PROGRAMS: dict[str, Commands] = {
    "scache": scache.cli.COMMANDS,
    "scache-conformance": conformance.cli.COMMANDS,
    "python -m conformance": conformance.cli.COMMANDS,
}
_COMMAND = re.compile(rf"(?:^|/)({'|'.join(sorted(PROGRAMS, key=len, reverse=True))})\s+([a-z].*)")
#: What stands for a number in a command line.
_NUMBER = re.compile(r"\b(N|SECONDS)\b")


def lines(page: Path) -> Iterator[str]:
    """What stands in code: spans, fenced and indented blocks; without the comments behind commands."""
    text = page.read_text()
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)
    for block in [*fenced, *re.findall(r"^    (.*)$", text, re.MULTILINE)]:
        yield from (re.split(r"\s#|\s{2,}", line.strip().removeprefix("$ "))[0] for line in block.split("\n"))


def commands(page: Path) -> Iterator[tuple[str, str]]:
    """Program and the rest of each command line on the page that names a sub-command."""
    for line in lines(page):
        line = re.sub(r"\s*\[[^\]]*\]|\.\.\.", "", line)  # what may be left out
        for part in re.split(r"\s*(?:&&|;|\||,\s)\s*", line):
            if found := _COMMAND.search(part):
                yield found[1], found[2]


def parse(program: str, words: list[str]) -> argparse.Namespace:
    """The command line as the sub-command's own parser reads it."""
    known = PROGRAMS[program]
    parser = argparse.ArgumentParser(prog=f"{program} {words[0]}", exit_on_error=False)
    assert words[0] in known, f"{program} has no command {words[0]}"
    command_of(known[words[0]][0]).add_arguments(parser)
    return parser.parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_command_on_a_page_can_be_typed(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = []
    for program, rest in commands(page):
        words = shlex.split(_NUMBER.sub("3", rest))
        if not any(word.startswith("-") or word.isupper() for word in words) or "--help" in words:
            continue  # only named
        try:
            parse(program, words)
        except (AssertionError, argparse.ArgumentError, SystemExit) as error:
            wrong.append((program, rest, f"{error} {capsys.readouterr().err[-200:]}"))
    assert wrong == []


def test_the_pages_hold_commands_at_all() -> None:
    assert sum(1 for page in PAGES for _ in commands(page)) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
