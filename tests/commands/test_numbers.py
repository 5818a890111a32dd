"""Every number of every option has its range, and where nothing would be checked nothing passes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance.cli
import scache.cli
from scache.commands.program import command_of
from scache.protocol.dialect import POSTFIX_3_6
from scache.trace.format.events import Header
from scache.trace.format.writer import TraceWriter
from tests.commands.test_bad_input import main_of

PROGRAMS = (scache.cli, conformance.cli)

NO_NUMBERS = [
    "scache replay T --ttl-limit -1",
    "scache replay T --ttl-limit 0",
    "scache replay T --speed nan",
    "scache replay T --speed 0",
    "scache replay T --speed -1",
    "scache replay T --show -1",
    "scache trace stat T --labels -1",
    "scache trace stat T --ttl-limit 0",
    "scache trace plot T OUT --ttl-limit -2",
    "scache trace diff T T --show x",
    "scache trace filter T OUT --from -1",
    "scache trace filter T OUT --to inf",
    "scache trace filter T OUT --connection -1",
    "scache trace filter T OUT --request find_nothing",
    "scache whatif T --ttl-limit 1,0",
    "scache whatif T --max-sessions 1,,2",
    "scache record --output OUT --rotate 0k",
    "scache-conformance simulate --minutes nan",
    "scache-conformance simulate --minutes -1",
    "scache-conformance simulate --runs 0",
    "scache-conformance simulate --jobs -1",
    "scache-conformance simulate --seed -1",
    "scache-conformance diff --left simulated --right reference --steps -1",
    "scache-conformance diff --left simulated --right reference --minutes inf",
    "scache-conformance run --seed -3",
    "scache-conformance benchmark --turns 0",
    "scache-conformance benchmark --cached -1",
    "scache-conformance benchmark --clients 0",
    "scache-conformance benchmark --seconds nan",
    "scache-conformance benchmark --endurance 0",
    "scache-conformance benchmark --hostile 0",
    "scache-conformance benchmark --mail 0",
    "scache-conformance audit --seconds 0",
    "scache-conformance audit --sample 0",
    "scache-conformance audit --turn -1",
    "scache-conformance audit --jobs 0",
]


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All of its own and its sub-commands'."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from options(each)


@pytest.mark.parametrize("module", [module for each in PROGRAMS for module, _ in each.COMMANDS.values()])
def test_no_option_takes_any_number_whatever_its_range(module: str) -> None:
    parser = argparse.ArgumentParser()
    command_of(module).add_arguments(parser)
    assert [each.option_strings for each in options(parser) if each.type in (int, float)] == []


@pytest.mark.parametrize("command", NO_NUMBERS)
def test_a_number_out_of_range_is_one_line_that_names_the_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main_of(command)(command.split()[1:])
    assert ended.value.code == 2
    said = capsys.readouterr()
    option = next(word for word in reversed(command.split()) if word.startswith("--"))
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"argument {option}: " in said.err


@pytest.mark.parametrize(
    "command",
    [
        "scache replay T",
        "scache trace diff T T",
        "scache trace plot T OUT",
        "scache trace filter T OUT --from 5 --to 1",
        "scache trace filter T OUT --from 5 --to 5",
        "scache whatif T",
        "scache-conformance run --target simulated --exclude *",
        "scache-conformance run --target program:/",
        "scache-conformance run --target socket:/nonexistent",
    ],
)
def test_where_there_is_nothing_to_check_the_status_is_2(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with TraceWriter(tmp_path / "T", Header("by hand", 0.0, POSTFIX_3_6)):
        pass
    words = [str(tmp_path / word) if word in ("T", "OUT") else word for word in command.split()[1:]]
    assert main_of(command)(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert not (tmp_path / "OUT").exists()
