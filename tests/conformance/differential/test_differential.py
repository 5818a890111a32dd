"""The same random steps on two targets: where they part, that is found, shrunk and saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import main
from conformance.differential.drawing import draw_stretch
from conformance.differential.findings import play_stretch
from conformance.differential.incomparable import comparable_log
from conformance.targets.registry import parse_target
from scache.cache.connection_cache import ConnectionCache
from scache.trace.format.reader import TraceReader


def compare(left: str, right: str, steps: int, *more: str) -> int:
    return main(["diff", "--left", left, "--right", right, "--steps", str(steps), *more])


@pytest.mark.lasting
def test_the_simulated_daemon_answers_as_the_reference_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("simulated", "reference", 8000) == 0
    assert capsys.readouterr().out.endswith("0 differences\n")


@pytest.mark.postfix
@pytest.mark.parametrize("left", ["simulated", "live"])
def test_ours_answers_as_the_real_one_does(left: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(left, "postfix", 1500) == 0, capsys.readouterr().out
    assert capsys.readouterr().out.endswith("0 differences\n")


@pytest.mark.slow
@pytest.mark.postfix
@pytest.mark.parametrize("left", ["simulated", "live"])
def test_ours_answers_as_the_real_one_does_for_20000_steps(left: str) -> None:
    assert compare(left, "postfix", 20_000, "--seed", "1000") == 0


def test_the_same_seed_takes_the_same_steps() -> None:
    def entries(seed: int) -> list[object]:
        options, units = draw_stretch(seed, 40)
        return list(play_stretch(parse_target("simulated"), parse_target("reference"), options, units)[1])

    assert entries(5) == entries(5)
    assert entries(5) != entries(6)


@pytest.mark.parametrize(
    ("line", "comparable"),
    [
        (
            "warning: scache_save_endp_service: unable to receive file descriptor: Success",
            "warning: scache_save_endp_service: unable to receive file descriptor",
        ),
        ('warning: unrecognized request: "x", ignored', 'warning: unrecognized request: "x", ignored'),
        ("warning: " + "x" * 3000, "warning: " + "x" * 1999),
        ("warning: unexpected attribute é\udce2\udc82", "warning: unexpected attribute ????"),
        ("statistics: start interval Nov  3 11:10:00", "statistics: start interval Nov  3 11:10:00"),
    ],
)
def test_only_what_is_chance_is_left_out_of_a_log_line(line: str, comparable: str) -> None:
    assert comparable_log([line]) == [comparable]


@pytest.fixture
def never_clamps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConnectionCache, "_due", lambda _cache, now, ttl: now + ttl)


@pytest.mark.usefixtures("never_clamps")
def test_a_difference_is_shrunk_and_saved_with_both_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = tmp_path / "not" / "there"
    assert compare("simulated", "reference", 20_000, "--traces", str(traces)) == 1
    printed = capsys.readouterr().out
    assert "sessions:" in printed or "received:" in printed or "logged:" in printed
    assert "replay: python -m conformance diff --left simulated --right reference --seed" in printed
    saved = sorted(path.name for path in traces.iterdir())
    assert [name.split("-")[-1] for name in saved] == ["left.jsonl", "right.jsonl"]
    with TraceReader(traces / saved[0], pytest.fail) as reader:
        assert 1 < len(list(reader)) < 25


def test_a_target_that_cannot_be_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("simulated", "sendmail", 10) == 2
    assert capsys.readouterr().err == "scache-conformance diff: sendmail: no such target\n"
