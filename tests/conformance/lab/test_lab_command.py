"""`python -m conformance lab` from the outside, its runs replaced by outcomes made up here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import cli
from conformance.commands import lab as command
from conformance.lab.instance.maillog import Line, LogTally
from conformance.lab.instance.variants import VARIANTS, Variant
from conformance.lab.outcome import Outcome
from conformance.lab.scenarios import SCENARIOS, Scenario
from conformance.lab.traffic.sinks import SinkCounts

#: connections at the sinks, mails delivered
Figures = tuple[int, int]


def outcome(connections: int, mails: int = 200, warnings: tuple[Line, ...] = ()) -> Outcome:
    tally = LogTally(reloads=1, uses=Counter({1: connections, 2: 200 - connections}), serious=list(warnings))
    log = tuple(f"line {number}" for number in range(1, 21))
    return Outcome(200, tally, (SinkCounts(connections, mails),), log=log)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Let the runs of each scache come to these figures, one after the other; a list of who was run."""

    def prepare(**figures: list[Figures]) -> list[str]:
        made: list[str] = []

        def run_scenario(_scenario: Scenario, variant: Variant, *_: object) -> Outcome:
            made.append(next(name for name, each in VARIANTS.items() if each is variant))
            return outcome(*figures[made[-1]].pop(0))

        monkeypatch.setattr(command, "private_postfix", lambda: None)
        monkeypatch.setattr(command, "run_scenario", run_scenario)
        return made

    return prepare


def test_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "list"]) == 0

    output = capsys.readouterr().out
    assert all(scenario.name in output for scenario in SCENARIOS)


def test_an_unknown_scenario_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lab", "run", "nowhere"]) == 2
    assert capsys.readouterr().err == "scache-conformance lab: no scenario 'nowhere'; `lab list` names them\n"


def test_a_run_in_which_a_mail_is_missing_has_status_1_and_shows_how_its_log_ends(
    runs: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    runs(real=[(6, 200)], ours=[(6, 199)])

    assert cli.main(["lab", "run", "mixed"]) == 0
    assert "missing" not in capsys.readouterr().out
    assert cli.main(["lab", "run", "mixed", "--scache", "ours"]) == 1
    shown = capsys.readouterr().out.splitlines()[:13]
    assert shown[0] == "  ours: 1 mails are missing; its log ends:"
    assert shown[1:] == [f"    line {number}" for number in range(9, 21)]


#: what the real one and ours come to; how often both are run; exit status
COMPARISONS: list[tuple[list[Figures], list[Figures], int, int]] = [
    ([(6, 200)], [(6, 200)], 1, 0),
    ([(6, 200), (11, 200)], [(12, 200), (6, 200)], 2, 0),
    ([(6, 200)] * 6, [(30, 200)] * 6, 6, 1),
    ([(6, 200)] * 6, [(6, 199)] + [(6, 200)] * 5, 6, 1),
]


@pytest.mark.parametrize(("real", "ours", "rounds", "status"), COMPARISONS)
def test_a_difference_counts_when_more_runs_do_not_even_it_out(
    real: list[Figures], ours: list[Figures], rounds: int, status: int, runs: Callable[..., list[str]]
) -> None:
    made = runs(real=list(real), ours=list(ours))

    assert cli.main(["lab", "compare", "mixed"]) == status
    assert made == ["real", "ours"] * rounds


def test_a_difference_is_named_once_more_at_the_end(
    runs: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    runs(real=[(6, 200)] * 7, ours=[(6, 200)] + [(30, 200)] * 6)
    cli.main(["lab", "compare", "steady", "mixed"])

    assert capsys.readouterr().out.endswith(
        "mixed differs: connections: real 36, here 180; "
        "deliveries over a used connection: real 1164, here 1020\n1 of 2 scenarios the same\n"
    )


@pytest.mark.parametrize(
    ("recorded", "complaint"),
    [
        (outcome(6, mails=199), "199 of 200 mails delivered"),
        (outcome(6, warnings=(Line("scache", 1, "warning: x"),)), "the cache warned: scache: warning: x"),
    ],
)
def test_an_unfit_recording_leaves_the_corpus_as_it_was(
    recorded: Outcome,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "private_postfix", lambda: None)
    monkeypatch.setattr(command, "run_scenario", lambda *_, **__: recorded)

    assert cli.main(["lab", "record", "mixed", "--output", str(tmp_path)]) == 1
    assert capsys.readouterr().out == f"mixed: not kept: {complaint}\n"
    assert not list(tmp_path.iterdir())


def test_a_recording_comes_with_its_figures_and_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(*_: object, keep: Path) -> Outcome:
        keep.write_text("the trace")
        return outcome(6)

    monkeypatch.setattr(command, "private_postfix", lambda: None)
    monkeypatch.setattr(command, "run_scenario", record)

    assert cli.main(["lab", "record", "mixed", "--output", str(tmp_path)]) == 0
    assert (tmp_path / "mixed.jsonl.gz").read_text() == "the trace"
    assert "| `mixed.jsonl.gz` | 5 destinations over 3 sinks | 200 |" in (tmp_path / "README.md").read_text()
