"""Wrong daemons: planted and taken out again, and what is stored about them is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.cli import main
from conformance.sabotage.catching import Catch, by_difference, by_simulation, red_cases
from conformance.sabotage.planting import CONTROL, Patch, Sabotage, planted, read, sabotages
from conformance.sabotage.results import Results, Shown
from scache.cache.deadlines import Deadlines

REAL = [each for each in sabotages().values() if each.kind != CONTROL]

TEXT = """
# a comment
= time

* nothing is ever due
@ cache.deadlines:Deadlines.take_due
- while self._seconds and self._seconds[0] <= now:
-     bucket = self._buckets[self._seconds[0]]
+ while False:
+     bucket = {}
"""

NEVER_DUE = Sabotage(
    "nothing is ever due",
    "time",
    (
        Patch(
            "cache.deadlines:Deadlines.take_due",
            "while self._seconds and self._seconds[0] <= now:\n    bucket = self._buckets[self._seconds[0]]",
            "while False:\n    bucket = {}",
        ),
    ),
)


def due_now() -> list[object]:
    class Entry:
        due = 5

    deadlines = Deadlines()
    deadlines.add(Entry())
    return list(deadlines.take_due(5))


def test_there_are_60_wrong_daemons_and_5_controls() -> None:
    assert len(REAL) >= 60
    assert len(sabotages()) - len(REAL) >= 5


def test_a_text_becomes_sabotages() -> None:
    assert read(TEXT) == [NEVER_DUE]


def test_a_line_that_is_none_of_a_sabotage_is_named() -> None:
    with pytest.raises(ValueError, match="line 2: nonsense"):
        read("= time\nnonsense")


def test_a_sabotage_works_while_it_is_planted_and_no_longer() -> None:
    with planted(NEVER_DUE):
        assert due_now() == []
    assert len(due_now()) == 1


def test_a_sabotage_whose_line_is_gone_is_named() -> None:
    gone = Sabotage("gone", "time", (Patch("cache.deadlines:Deadlines.add", "no such line", ""),))
    with (
        pytest.raises(ValueError, match=r"gone: cache\.deadlines:Deadlines\.add no longer has: no such line"),
        planted(gone),
    ):
        pass


@pytest.mark.parametrize("kind", dict.fromkeys(each.kind for each in sabotages().values()))
def test_each_sabotage_can_be_planted(kind: str) -> None:
    for sabotage in sabotages().values():
        if sabotage.kind == kind:
            with planted(sabotage):  # names the one that can't be
                pass


def test_a_wrong_daemon_is_caught_by_all_three() -> None:
    newest_first = sabotages()["sessions come back last in, first out"]
    assert "cache/order/1" in red_cases(newest_first, select(CATALOGUE, ["cache/order"]))
    assert by_difference(newest_first, 60.0)
    assert by_simulation(newest_first, 60.0)


@pytest.mark.lasting
def test_a_control_is_caught_by_none() -> None:
    control = sabotages()["what is due is taken as a list"]
    assert red_cases(control, select(CATALOGUE, ["cache", "expiry"])) == []
    assert not by_difference(control, 2.0)
    assert not by_simulation(control, 2.0)


def test_the_audit_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """Each case has a sabotage that turns it red, each sabotage is caught, and no control is."""
    assert main(["audit"]) == 0, capsys.readouterr().out


def test_the_audit_says_what_to_do_about_a_case_without_a_sabotage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Results, "load", lambda: Results())
    assert main(["audit"]) == 1
    printed = capsys.readouterr().out
    assert "no sabotage turns it red: cache/order/1" in printed
    assert "run `python -m conformance table`" in printed


def test_only_what_is_not_stored_yet_is_measured() -> None:
    results = Results({"a": Shown(("x/y/1",), 10, Catch(5, 0.5, "logged"))})
    assert [results.knows(means, "a") for means in ("catalogue", "diff", "simulation")] == [True, True, False]
    assert not results.knows("catalogue", "b")


def test_what_is_stored_is_about_sabotages_and_cases_that_exist() -> None:
    shown = Results.load().shown
    known = {case.id for case in (SANITY, *CATALOGUE, *golden_cases())}
    assert shown.keys() <= sabotages().keys()
    assert {case for each in shown.values() for case in each.red} <= known


def test_the_catalogue_alone_catches_100_wrong_daemons_and_no_control() -> None:
    caught = [name for name, shown in Results.load().shown.items() if shown.red]
    assert len([each for each in REAL if each.name in caught]) >= 100
    assert [name for name in caught if sabotages()[name].kind == CONTROL] == []


@pytest.mark.lasting
def test_a_few_stored_results_are_seen_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--sample", "4", "--turn", "2"]) == 0, capsys.readouterr().out


def test_results_are_stored_and_read_again(tmp_path: Path) -> None:
    results = Results()
    results.note("a", red=("x/y/1", "x/y/2"), of=10, difference=Catch(5, 0.5, "logged"))
    results.note("b", red=("x/y/2",), of=10)
    results.save(tmp_path / "results.toml")
    assert Results.load(tmp_path / "results.toml").shown == results.shown


def test_a_case_is_witnessed_by_its_narrowest_sabotage() -> None:
    results = Results(
        {
            "wide": Shown(("a/b/1", "a/b/2"), 10),
            "narrow": Shown(("a/b/2",), 10),
            "as narrow": Shown(("a/b/2",), 10),
        }
    )
    assert results.witnesses() == {"a/b/1": "wide", "a/b/2": "narrow"}
    assert results.without_witness(["a/b/1", "a/b/3"]) == ["a/b/3"]
