"""The benchmark: its load generators, arithmetic and verdicts. No test looks at a figure of the machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.benchmark.load.generator import HERE, Generator, generator_command
from conformance.benchmark.measure.comparison import Cell, Comparison, Memory, Plan, Ratio, Turn, compare
from conformance.benchmark.measure.daemons import Contestant, python_program, real, start
from conformance.benchmark.measure.endurance import Sample, growth
from conformance.benchmark.measure.simulated import measure_simulated
from conformance.benchmark.measure.stalled import Stalled, measure_stalled
from conformance.benchmark.measure.system_calls import parse_strace
from conformance.benchmark.report.chart import draw_chart
from conformance.benchmark.report.goals import GOALS, SHORT_BOUNDS, Bound, cpu_per_request, rate
from conformance.benchmark.report.results import Machine, Results, as_json
from conformance.benchmark.report.tables import show
from conformance.cli import main
from conformance.commands import benchmark as command
from scache.errors import RemoteError

ECHO = python_program("echo", [str(HERE / "limit_echo.py")])
MACHINE = Machine("processor", 2, "Linux", {"ours": "1", "real": "3.7.11"}, "C", "2027-01-15 08:00 UTC")
POSITIVE = "every number must be positive (pairs may be 0), a turn at most 600 seconds"
TURN = Turn(1000, 10_000.0, 50e-6, 0.02, 0.03, 0.5, 0.3, 90e-6, 200e-6, 300e-6)


def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)


def turns(*rates: float, cpu: float = 50e-6) -> list[Turn]:
    return [replace(TURN, rate=value, cpu_per_request=cpu) for value in rates]


def cell(ours: list[Turn], real: list[Turn], cached: int = 0, clients: int = 16) -> Cell:
    return Cell(cached, clients, {"ours": ours, "real": real})


def comparison(*cells: Cell) -> Comparison:
    memory = {one.cached: {"ours": Memory(1000, 2000, 3000), "real": Memory(1, 2, 3)} for one in cells}
    return Comparison(("ours", "real"), list(cells), memory)


@pytest.fixture(params=["C", "Python"] if shutil.which("cc") else ["Python"])
def generator(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command of each load generator."""
    if request.param == "Python":
        no_compiler(monkeypatch)
    return generator_command(tmp_path)


def test_both_load_generators_take_clients_through_whole_iterations(generator: list[str]) -> None:
    with start(ECHO) as daemon, Generator(generator, daemon) as load:
        load.open_clients(3)
        result = load.run(0.01)
        load.close_clients()
    assert result.requests >= 12
    assert result.requests % 4 == 0
    assert 0 < result.p50 <= result.p99 <= result.p999 <= result.elapsed


def test_both_load_generators_end_at_the_first_wrong_answer(generator: list[str], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        (HERE / "limit_echo.py").read_text().replace('MISS = b"status\\x002', 'MISS = b"status\\x001')
    )
    with (
        start(python_program("wrong", [str(wrong)])) as daemon,
        Generator(generator, daemon) as load,
        pytest.raises(RemoteError, match=r"^load generator, open 1: load: "),
    ):
        load.open_clients(1)


def test_a_daemon_that_does_not_serve_is_named() -> None:
    broken = python_program("broken", ["-c", "raise SystemExit(1)"])
    with pytest.raises(RemoteError, match=r"^broken: does not serve: "), start(broken):
        pass


def test_a_cell_gives_the_median_of_the_ratios_of_neighbouring_turns() -> None:
    # The machine was twice as slow in the second pair of turns; the ratio doesn't show it.
    measured = cell(turns(300, 150, 400), turns(100, 50, 100))
    assert measured.ratio("ours", "real", rate) == Ratio(3.0, 3.0, 4.0)
    assert measured.typical("ours", rate) == 300


def test_user_and_system_time_are_shared_out_over_all_turns_of_a_cell() -> None:
    # Ticks are too coarse for one turn: here they fall to one side in each.
    ticks = [replace(TURN, user=0.01, system=0.0), replace(TURN, user=0.0, system=0.03)]
    assert cell(ticks, ticks).user_share("ours") == pytest.approx(0.25)


def test_memory_per_pair_is_what_the_pairs_added() -> None:
    assert Memory(before=1_000_000, after=2_200_000, peak=3_000_000).per_pair(1000) == 1200


def test_a_plan_leaves_out_what_needs_more_descriptors_than_the_system_allows() -> None:
    assert Plan(cached=(0, 10, 2_000_000_000)).left_out() == (2_000_000_000,)


@pytest.mark.parametrize(
    ("measure", "limit", "ours", "real", "holds"),
    [
        (rate, 2.0, turns(200), turns(100), True),
        (rate, 2.0, turns(199), turns(100), False),
        (cpu_per_request, 0.5, turns(1, cpu=1e-6), turns(1, cpu=2e-6), True),
        (cpu_per_request, 0.5, turns(1, cpu=1.1e-6), turns(1, cpu=2e-6), False),
    ],
)
def test_a_bound_is_least_for_a_rate_and_most_for_a_cost(
    measure: Callable[[Turn], float], limit: float, ours: list[Turn], real: list[Turn], holds: bool
) -> None:
    assert Bound(0, 16, measure, limit).holds(cell(ours, real)) is holds


def test_bounds_of_the_short_run_are_wider_than_the_goals() -> None:
    goals = {(goal.cached, goal.clients, goal.measure): goal.limit for goal in GOALS}
    for bound in SHORT_BOUNDS:
        goal = goals[bound.cached, bound.clients, bound.measure]
        assert bound.limit < goal if bound.measure is rate else bound.limit > goal


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((100, 100, 100, 100), 1.0), ((100, 110, 110, 110), 1.0), ((100, 100, 100, 150), 1.5)],
)
def test_growth_compares_the_largest_sizes_of_both_halves(sizes: tuple[int, ...], expected: float) -> None:
    samples = [Sample(requests, size, 9) for requests, size in enumerate(sizes, start=1)]
    assert growth(samples) == expected


def test_the_simulated_daemon_answers_every_step_of_all_clients() -> None:
    # A wrong answer would end it.
    assert len(measure_simulated(1)) == 1


def test_the_summary_of_strace_is_read_by_name() -> None:
    summary = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000300           3       100           sendto
 40.00    0.000200           1       200        20 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.000500           1       300        20 total
"""
    assert parse_strace(summary) == {"sendto": 100, "recvfrom": 200}


def test_the_tables_say_which_goals_are_met_and_what_was_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    met, missed = cell(turns(300), turns(100)), cell(turns(300), turns(100), cached=1000)
    show(
        Results(
            MACHINE,
            Plan(cached=(0, 1000, 2_000_000_000)),
            comparison(met, missed),
            startup={"ours": [0.02], "real": [0.005]},
            simulated=[200_000.0],
            stalled={"ours": Stalled(True, turns(100), turns(99)), "real": Stalled(False, [], [])},
        )
    )
    text = capsys.readouterr().out
    for words in (
        "2.2 | met",
        "ours, simulated: 200,000 requests in a second of CPU (100,000 met)",
        "4.2 | MISSED",
        "Left out: 2,000,000,000 pairs",
        "ours: beside a stalled client 0.99 times the requests a second, 1.00 times the p99",
        "real: one client that stops in the middle of a request keeps everybody waiting",
    ):
        assert words in " ".join(text.split())


def test_the_json_form_has_every_turn_and_the_ratios() -> None:
    measured = comparison(cell(turns(300, 150), turns(100, 50)))
    form = json.loads(json.dumps(as_json(Results(MACHINE, Plan(cached=(0,)), measured))))
    assert form["cells"][0]["ratios"]["ours/real"]["requests_per_second"]["median"] == 3.0
    assert [turn["rate"] for turn in form["cells"][0]["turns"]["real"]] == [100, 50]
    assert form["memory"]["0"]["ours"] == {"before": 1000, "after": 2000, "peak": 3000}
    assert form["machine"]["contestants"]["real"] == "3.7.11"


def test_the_chart_is_an_svg_file_with_both_daemons(tmp_path: Path) -> None:
    cells = [cell(turns(300), turns(100), cached=cached) for cached in (0, 1000)]
    draw_chart(comparison(*cells), tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text()
    assert "<svg" in text
    assert "<!-- ours -->" in text
    assert "<!-- real -->" in text


@pytest.mark.parametrize(
    ("ours_cpu", "status", "words"), [(10e-6, 0, ""), (49e-6, 1, "broken: 0 cached pairs")]
)
def test_a_short_run_fails_where_a_bound_is_broken(
    ours_cpu: float,
    status: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = [cell(turns(900, cpu=ours_cpu), turns(100), cached=cached) for cached in (0, 1000)]
    monkeypatch.setattr(command, "real", lambda: ECHO)
    monkeypatch.setattr(command, "compare", lambda *_: comparison(*cells))
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    assert main(["benchmark", "--short"]) == status
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--turns", "0"], POSITIVE),
        (["--cached", "-1"], POSITIVE),
        (["--seconds", "nan"], POSITIVE),
        (["--endurance", "0"], POSITIVE),
        (["--cached", "2000000000"], "2,000,000,000 pairs need more descriptors than ulimit -Hn allows"),
        (
            ["--short", "--clients", "2"],
            "--short has its own numbers of pairs and clients, which its bounds are about",
        ),
        (["--json", "/nowhere/figures"], "/nowhere/figures: its directory does not exist"),
        ([], "no Postfix is installed (no postconf command) to compare with"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_status_2(
    words: list[str], error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "real", lambda: None)
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    assert main(["benchmark", *words]) == 2
    assert capsys.readouterr().err == f"conformance benchmark: {error}\n"


@pytest.mark.postfix
def test_ours_and_the_real_one_are_measured_side_by_side(tmp_path: Path) -> None:
    contestants = [command.ours(), named_real()]
    seen: list[Cell] = []
    result = compare(contestants, Plan((0, 20), (2,), 2, 0.02), generator_command(tmp_path), seen.append)
    assert result.cells == seen
    assert [(one.cached, one.clients) for one in seen] == [(0, 2), (20, 2)]
    for one in seen:
        assert {name: len(measured) for name, measured in one.turns.items()} == {"ours": 2, "real": 2}
        assert all(turn.requests % 4 == 0 < turn.requests for turn in one.turns["real"])


@pytest.mark.postfix
def test_a_stalled_client_stops_the_real_one_and_not_ours(tmp_path: Path) -> None:
    generator = generator_command(tmp_path)
    assert not measure_stalled(named_real(), generator, 1, 0.01).serves_others
    beside = measure_stalled(command.ours(), generator, 1, 0.01)
    assert beside.serves_others
    assert beside.beside[0].requests > 0


def named_real() -> Contestant:
    contestant = real()
    assert contestant is not None
    return contestant
