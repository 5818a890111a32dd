"""The benchmark: its load generators, arithmetic and verdicts. No test looks at a figure of the machine."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.benchmark.daemons import Contestant, python_program, real, start
from conformance.benchmark.load import generator as generator_module
from conformance.benchmark.load.generator import HERE, Generator, generator_command
from conformance.benchmark.load.mischief import MISCHIEF
from conformance.benchmark.measure import mail as mail_module
from conformance.benchmark.measure.comparison import Cell, Comparison, Memory, Plan, Ratio, Turn, compare
from conformance.benchmark.measure.endurance import Sample, growth
from conformance.benchmark.measure.hostile import Beside, measure_hostile
from conformance.benchmark.measure.mail import Delivery, measure_mail
from conformance.benchmark.measure.profiling import OUTSIDE, Profile, count_samples
from conformance.benchmark.measure.simulated import measure_simulated
from conformance.benchmark.measure.system_calls import parse_strace
from conformance.benchmark.report import goals
from conformance.benchmark.report.chart import draw_chart
from conformance.benchmark.report.goals import (
    GOALS,
    SHORT_BOUNDS,
    Bound,
    cpu_per_request,
    judge,
    judge_flatness,
    judge_hostile,
    judge_memory,
    judge_watch,
    rate,
    user_per_request,
)
from conformance.benchmark.report.results import Machine, Results, as_json
from conformance.benchmark.report.tables import (
    show,
    show_costs,
    show_hostile,
    show_mail,
    show_profile,
    show_verdicts,
)
from conformance.cli import main
from conformance.commands import benchmark as command
from conformance.lab.instance.variants import VARIANTS
from conformance.postfix.installations import Installation, private_postfix
from scache.errors import RemoteError

ECHO = python_program("echo", [str(HERE / "limit_echo.py")])
MACHINE = Machine(
    "processor", 2, "Linux", {"ours": "1", "real": "3.7.11"}, "C", False, "2027-01-15 08:00 UTC"
)
TURN = Turn(1000, 10_000.0, 50e-6, 0.02, 0.03, 0.5, 0.3, 90e-6, 200e-6, 300e-6, 900e-6)


def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_: None)


def turns(*rates: float, cpu: float = 50e-6) -> list[Turn]:
    return [replace(TURN, rate=value, cpu_per_request=cpu) for value in rates]


def cell(
    ours: list[Turn], real: list[Turn], cached: int = 0, clients: int = 16, **others: list[Turn]
) -> Cell:
    return Cell(cached, clients, {"ours": ours, "real": real, **others})


def comparison(*cells: Cell) -> Comparison:
    memory = {one.cached: {"ours": Memory(1000, 2000, 3000), "real": Memory(1, 2, 3)} for one in cells}
    return Comparison(("ours", "real"), list(cells), memory)


@pytest.fixture(params=[pytest.param("C", marks=pytest.mark.needs("compiler")), "Python"])
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
    assert 0 < result.p50 <= result.p99 <= result.p999 <= result.longest <= result.elapsed
    assert result.generator_cpu > 0


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
    with pytest.raises(RemoteError, match=r"^broken: does not serve: it has ended$"), start(broken):
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


TICKS = replace(TURN, user=0.02, system=0.02)


@pytest.mark.parametrize(
    ("measure", "limit", "ours", "real", "good"),
    [
        (rate, 2.0, turns(200), turns(100), True),
        (rate, 2.0, turns(199), turns(100), False),
        (cpu_per_request, 0.5, turns(1, cpu=1e-6), turns(1, cpu=2e-6), True),
        (cpu_per_request, 0.5, turns(1, cpu=1.1e-6), turns(1, cpu=2e-6), False),
        (user_per_request, 0.5, [replace(TICKS, system=0.06)], [TICKS], True),
        (user_per_request, 0.5, [replace(TICKS, system=0.05)], [TICKS], False),
    ],
)
def test_a_bound_is_least_for_a_rate_and_most_for_a_cost(
    measure: Callable[[Turn], float], limit: float, ours: list[Turn], real: list[Turn], good: bool
) -> None:
    bound = Bound("ours", "real", measure, 16, 0, limit)
    assert [verdict.good for verdict in judge([bound], comparison(cell(ours, real)))] == [good]


def test_a_goal_about_a_daemon_or_a_cell_that_was_not_measured_is_not_judged() -> None:
    bounds = [Bound("compiled", "real", rate, 16, 0, 2.0), Bound("ours", "real", rate, 16, 1000, 2.0)]
    assert judge(bounds, comparison(cell(turns(1), turns(1)))) == []


def test_bounds_of_the_short_run_are_wider_than_the_goals() -> None:
    goals = {(goal.name, goal.other, goal.measure, goal.clients, goal.cached): goal.limit for goal in GOALS}
    wider = 0
    for bound in SHORT_BOUNDS:
        goal = goals.get((bound.name, bound.other, bound.measure, bound.clients, bound.cached))
        if goal is not None:
            slack = goal / bound.limit if bound.measure is rate else bound.limit / goal
            assert 1 < slack < 2.5
            wider += 1
    assert wider == 2


def test_cost_that_grows_with_the_number_of_cached_pairs_is_judged() -> None:
    cells = [cell(turns(1, cpu=cpu), turns(1), cached=cached) for cached, cpu in ((0, 10e-6), (4000, 12e-6))]
    (verdict,) = judge_flatness(comparison(*cells))
    assert verdict.reached == pytest.approx(1.2)
    assert not verdict.good


@pytest.mark.parametrize(("cpu", "good"), [(104e-7, True), (106e-7, False)])
def test_what_watching_costs_is_shown_and_judged(
    cpu: float, good: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    one = Cell(16_000, 4, {"ours": turns(1, 1, cpu=1e-5), "watching": turns(1, 1, cpu=cpu)})
    measured = Comparison(("ours", "watching"), [one], {})
    (verdict,) = judge_watch(measured)
    assert (verdict.reached, verdict.good) == (pytest.approx(cpu * 1e5), good)
    show_costs(measured)
    assert re.search(rf"16,000 \|\s+4 \|\s+10\.00 \|\s+{cpu * 1e6:.2f} \|", capsys.readouterr().out)


@pytest.mark.postfix
def test_ours_is_measured_with_and_without_watching(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["benchmark", "--watch", "--cached", "20", "--clients", "2", "--turns", "1", "--seconds", "0.02"]
    monkeypatch.setattr(goals, "WATCH_LIMIT", 1000.0)
    assert main(words) == 0
    assert "watching / ours, CPU per request, 20 cached pairs, 2 clients" in capsys.readouterr().out


def test_memory_is_judged_where_pairs_are_cached() -> None:
    measured = comparison(cell(turns(1), turns(1)), cell(turns(1), turns(1), cached=1000))
    measured.memory[1000]["ours"] = Memory(0, 1_537_000, 1_537_000)
    (verdict,) = judge_memory(measured)
    assert (verdict.reached, verdict.good) == (1537, False)


@pytest.mark.parametrize(
    ("measured", "missed"),
    [
        (Beside([TURN], [replace(TURN, p999=0.020)], 150 << 20, 200), []),
        (Beside([TURN], [replace(TURN, p999=0.021)]), ["p99.9 in milliseconds"]),
        (
            Beside([TURN], [], 151 << 20, 201),
            ["p99.9 in milliseconds", "megabytes at most", "lines in the log"],
        ),
    ],
)
def test_beside_clients_that_misbehave_waits_memory_and_log_are_judged(
    measured: Beside, missed: list[str]
) -> None:
    verdicts = judge_hostile({"shout": {"ours": measured}})
    assert len(verdicts) == 3
    found = [verdict.what for verdict in verdicts if not verdict.good]
    assert found == [f"ours, {what}, beside clients that shout" for what in missed]


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


SAMPLES = """\
python3.12  6038  3146.09: 666666 cpu-clock:
\t  1cf4d0 PyObject_Realloc+0x20 (/lib/libpython3.12.so.1.0)
\t  110811 _PyEval_EvalFrameDefault+0x4a51 (/lib/libpython3.12.so.1.0)
\t7f4213c7 py::Connection.ready:/where/scache/daemon/connection.py+0x5 (/tmp/perf-6038.map)
\t7f4213c9 py::Server.turn:/where/scache/daemon/server.py+0x5 (/tmp/perf-6038.map)

python3.12  6038  3146.11: 666666 cpu-clock:
\tffffffff __sys_recvfrom+0x48 ([kernel.kallsyms])
\t  110811 _PyEval_EvalFrameDefault+0x4a51 (/lib/libpython3.12.so.1.0)
\t7f4213c7 py::Connection.ready:/where/scache/daemon/connection.py+0x5 (/tmp/perf-6038.map)

python3.12  6038  3146.12: 666666 cpu-clock:
\t  110811 main+0x5 (/bin/python3.12)
"""


def test_samples_are_counted_by_the_innermost_function_of_python() -> None:
    kernel, user = count_samples(SAMPLES.splitlines())
    assert kernel == {"Connection.ready (daemon/connection.py)": 1}
    assert user == {"Connection.ready (daemon/connection.py)": 1, OUTSIDE: 1}


def test_a_profile_shows_what_each_function_costs_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    show_profile(0, 4, Profile(TURN, Counter({"send": 30}), Counter({"send": 10, "parse": 60})))
    text = " ".join(capsys.readouterr().out.split())
    assert "0 pairs, 4 clients: 50.0 us of CPU per request, in 100 samples" in text
    assert "| parse | 30.00 | 30.00 | 0.00 |" in text
    assert "| send | 20.00 | 5.00 | 15.00 |" in text


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


def test_every_ratio_to_the_limit_stands_beside_that_to_the_real_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    measured = cell(turns(300), turns(100), limit=turns(400))
    names = tuple(measured.turns)
    memory = {0: {name: Memory(1000, 2000, 3000) for name in names}}
    plan = Plan(cached=(0, 2_000_000_000))
    startup = {"ours": [0.02], "real": [0.005]}
    show(Results(MACHINE, plan, Comparison(names, [measured], memory), startup))
    text = " ".join(capsys.readouterr().out.split())
    assert "| range | / real | range |" in text
    assert "| 0.75 | 0.75-0.75 | 3.00 | 3-3 |" in text
    assert "Left out: 2,000,000,000 pairs" in text
    assert "clients in C, on the same cores as the daemon" in text


def test_a_goal_that_is_missed_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    bounds = [Bound("ours", "real", rate, 16, 0, limit) for limit in (2.0, 4.0)]
    show_verdicts(judge(bounds, comparison(cell(turns(300), turns(100)))))
    rows = [line.split("|")[2:5] for line in capsys.readouterr().out.splitlines() if "ours / real" in line]
    assert [[column.strip() for column in row] for row in rows] == [
        ["3", "at least 2", "met"],
        ["3", "at least 4", "MISSED"],
    ]


def test_a_daemon_that_keeps_all_waiting_beside_others_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        "stop halfway": {"ours": Beside([TURN], [TURN], 20 << 20, 11), "real": Beside([TURN], [], 8 << 20, 0)}
    }
    show_hostile(10, found)
    text = " ".join(capsys.readouterr().out.split())
    assert (
        "| stop halfway | ours | 10,000 | 0.09 | 0.20 | 0.30 | 0.90 | 0.09 | 0.20 | 0.30 | 0.90 | 20 | 11 |"
        in text
    )
    assert "| stop halfway | real | all are kept waiting |" in text


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
    ("ours_rates", "status", "rounds"),
    [([900], 0, 1), ([30, 500, 900], 0, 3), ([30, 450, 300], 1, 3), ([30, 800], 0, 2)],
)
def test_a_short_run_fails_where_a_bound_is_missed_by_all_turns_of_three_rounds_together(
    ours_rates: list[float],
    status: int,
    rounds: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def measured(ours_rate: float) -> Comparison:
        ours = turns(ours_rate, cpu=10e-6)
        limit = turns(1000, cpu=10e-6)
        return comparison(*(cell(ours, turns(100), cached=cached, limit=limit) for cached in (0, 4000)))

    made = list(ours_rates)
    monkeypatch.setattr(command, "real", lambda: ECHO)
    monkeypatch.setattr(command, "compare", lambda *_: measured(made.pop(0)))
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)

    assert main(["benchmark", "--short"]) == status
    assert len(ours_rates) - len(made) == rounds
    assert ("MISSED" in capsys.readouterr().out) is bool(status)


def test_without_a_compiler_a_short_run_has_no_limit_to_compare_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    no_compiler(monkeypatch)
    measured = comparison(cell(turns(900), turns(100)))
    monkeypatch.setattr(command, "real", lambda: ECHO)
    monkeypatch.setattr(command, "compare", lambda *_: measured)
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    assert main(["benchmark", "--short"]) == 2
    assert "without a C compiler there is no limit to compare with" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--seconds", "601"], "argument --seconds: a turn lasts at most 600 seconds"),
        (["--cached", "2000000000"], "2,000,000,000 pairs need more descriptors than ulimit -Hn allows"),
        (
            ["--short", "--clients", "2"],
            "--short has its own numbers of pairs and clients, which its bounds are about",
        ),
        (["--compiled", "/nowhere"], "/nowhere: holds no compiled scache for this interpreter"),
        (["--json", "/nowhere/figures"], "/nowhere/figures: its folder can't be written to"),
        ([], "no Postfix is installed (no postconf command) to compare with"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_status_2(
    words: list[str], error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "real", lambda: None)
    monkeypatch.setattr(command.os, "geteuid", lambda: 0)
    assert main(["benchmark", *words]) == 2
    assert capsys.readouterr().err == f"scache-conformance benchmark: {error}\n"


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
def test_a_stalled_client_stops_the_real_one_and_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generator_module, "PATIENCE", 0.5)
    command_line = generator_command(tmp_path)
    measured = [
        measure_hostile(one, command_line, "stop halfway", 2, 1, 0.02)
        for one in (command.ours(), named_real())
    ]
    assert [len(one.beside) for one in measured] == [1, 0]


@pytest.mark.postfix
@pytest.mark.parametrize("kind", MISCHIEF)
def test_each_mischief_goes_on_beside_the_others(kind: str, tmp_path: Path) -> None:
    beside = measure_hostile(command.ours(), generator_command(tmp_path), kind, 3, 1, 0.05).beside
    assert beside[0].requests > 0


def named_real() -> Contestant:
    contestant = real()
    assert contestant is not None
    return contestant


def test_deliveries_are_shown_by_the_mail(capsys: pytest.CaptureFixture[str]) -> None:
    deliveries = [Delivery(100, seconds, cache=0.01, machine=0.2, reused=0.99) for seconds in (1.0, 0.5, 0.8)]
    show_mail({"ours": deliveries})
    text = " ".join(capsys.readouterr().out.split())
    assert "| ours | 125 | 100-200 | 100.0 | 2,000 | 5.00% | 99% |" in text


def test_those_that_deliver_mail_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[object] = []

    def deliver(variant: object, _installation: object, mails: int) -> Delivery:
        played.append(variant)
        return Delivery(mails, len(played), cache=0.01, machine=0.2, reused=0.99)

    monkeypatch.setattr(mail_module, "_deliver", deliver)
    variants = {"b": VARIANTS["ours"], "a": VARIANTS["real"]}
    postfix = Installation("3.7.11", Path("/"), Path("/"), "postfix", "postdrop")
    found = measure_mail(variants, postfix, 32, 2)
    assert played == [*variants.values()] * 2
    assert {name: [turn.elapsed for turn in turns] for name, turns in found.items()} == {
        "b": [1, 3],
        "a": [2, 4],
    }


@pytest.mark.postfix
def test_mail_is_delivered_through_the_cache() -> None:
    ((delivery,),) = measure_mail({"ours": VARIANTS["ours"]}, private_postfix(), 32, 1).values()
    assert delivery.mails == 32
    assert 0 < delivery.cache < delivery.machine
    assert delivery.reused > 0
