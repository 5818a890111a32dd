from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from conformance.catalogue.recorded.traces import FOLDER, different_statistics, trace_cases
from conformance.runner.play import play
from conformance.runner.verdict import Result, Verdict
from conformance.targets.simulated import SimulatedTarget
from tests.support.corpus import LONGEST

SMALL = "two-next-hops.jsonl.gz"


def replayed(folder: Path) -> Result:
    return play(trace_cases(folder)[0], SimulatedTarget())


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of one small trace."""
    (tmp_path / SMALL).write_bytes((FOLDER / SMALL).read_bytes())
    figures = json.loads((FOLDER / "expected.json").read_text())[SMALL]
    (tmp_path / "expected.json").write_text(json.dumps({SMALL: figures}))
    return tmp_path


def test_every_trace_of_the_corpus_is_a_case() -> None:
    files = {file.name.partition(".")[0] for file in FOLDER.glob("*.jsonl.gz")}
    assert {case.id for case in trace_cases()} == {f"trace/{name}/1" for name in files}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.id, marks=[pytest.mark.lasting] * (LONGEST in case.id))
        for case in trace_cases()
    ],
)
def test_a_trace_is_answered_and_counted_as_recorded(case: object) -> None:
    result = play(case, SimulatedTarget())  # type: ignore[arg-type]
    assert result.verdict is Verdict.PASS, result.detail


def test_another_answer_than_the_recorded_one_is_shown_with_its_line(corpus: Path) -> None:
    lines = gzip.decompress((corpus / SMALL).read_bytes()).decode().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if '"status","2"' in line)
    lines[at] = lines[at].replace('"status","2"', '"status","7"')
    (corpus / SMALL).write_bytes(gzip.compress("".join(lines).encode()))
    result = replayed(corpus)
    assert result.verdict is Verdict.FAIL
    assert f"line {at + 1}: recorded " in result.detail


def test_other_statistics_than_the_logged_ones_are_shown(corpus: Path) -> None:
    figures = json.loads((corpus / "expected.json").read_text())
    figures[SMALL]["domain hits"] += 1
    (corpus / "expected.json").write_text(json.dumps(figures))
    result = replayed(corpus)
    hits = figures[SMALL]["domain hits"]
    assert result.verdict is Verdict.FAIL
    assert f"domain hits: recorded {hits}, got {hits - 1}" in result.detail


def test_hits_are_summed_over_intervals_and_maxima_are_not(corpus: Path) -> None:
    figures = {"domain hits": 3, "domain miss": 1, "address hits": 0, "address miss": 2}
    figures |= {"domains": 4, "addresses": 2, "connection": 5}
    (corpus / "expected.json").write_text(json.dumps({SMALL: figures}))
    lines = [
        "statistics: start interval Jan 15 08:00:00",
        "statistics: domain lookup hits=1 miss=1 success=50%",
        "statistics: address lookup hits=0 miss=2 success=0%",
        "statistics: max simultaneous domains=4 addresses=1 connection=2",
        "statistics: domain lookup hits=2 miss=0 success=100%",
        "statistics: max simultaneous domains=3 addresses=2 connection=5",
    ]
    assert different_statistics(corpus / SMALL, lines) == ""
    assert different_statistics(corpus / SMALL, lines[:-1]).splitlines() == [
        "addresses: recorded 2, got 1",
        "connection: recorded 5, got 2",
    ]
