"""The simulated world: the same seed is the same run, everything holds, what fails is shrunk and saved."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.contract.shrinking import shrink
from conformance.simulation.actors.options import FAULTS, HOSTILITIES, draw_options
from conformance.simulation.campaign.findings import save_finding
from conformance.simulation.campaign.run import play
from scache.cache.connection_cache import ConnectionCache
from scache.trace.format.events import Kind
from scache.trace.format.reader import TraceReader

SEEDS = range(1, 25)


def event_log(seed: int, path: Path, hash_seed: str) -> bytes:
    """The event log of a run in a process of its own."""
    command = ["simulate", "--seed", str(seed), "--requests", "300", "--everything", "--events", str(path)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    subprocess.run(
        [sys.executable, "-m", "conformance", *command], check=True, env=environment, capture_output=True
    )
    return path.read_bytes()


def test_the_same_seed_gives_byte_identical_event_logs(tmp_path: Path) -> None:
    first = event_log(7, tmp_path / "first", "1")
    assert first == event_log(7, tmp_path / "second", "2")
    assert first.count(b"\n") > 1000
    assert first != event_log(8, tmp_path / "other", "1")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_invariant_holds(seed: int) -> None:
    outcome = play(seed, 100)
    assert outcome.violation is None, outcome.violation
    assert outcome.requests >= 100


def test_swarm_switches_whole_kinds_of_step_and_fault_off() -> None:
    drawn = [draw_options(seed) for seed in range(200)]
    for kind in HOSTILITIES:
        assert {kind in options.hostilities for options in drawn} == {True, False}
    for fault in FAULTS:
        assert {fault in options.faults for options in drawn} == {True, False}
    assert draw_options(3, everything=True).faults == frozenset(FAULTS)


def test_shrinking_leaves_what_the_failure_needs() -> None:
    steps = [("step", number) for number in range(100)]

    def fails(shorter: list[tuple[object, ...]]) -> bool:
        return ("step", 17) in shorter and ("step", 80) in shorter

    assert shrink(list(steps), fails, 1000) == [("step", 17), ("step", 80)]


@pytest.fixture
def forgets_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache that forgets to say what expired: its descriptors leak."""
    expire = ConnectionCache.expire

    def forgetful(cache: ConnectionCache, now: float, most: float = 1000) -> list[int]:
        return list(expire(cache, now, most))[1:]

    monkeypatch.setattr(ConnectionCache, "expire", forgetful)


@pytest.mark.usefixtures("forgets_the_first")
def test_a_failure_is_shrunk_saved_as_a_trace_and_replayed_by_one_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed, outcome = next((seed, out) for seed in range(1, 50) if (out := play(seed, 300)).violation)
    assert outcome.rule == "expiry"
    text = save_finding(outcome, 300, False, tmp_path)
    assert f"python -m conformance simulate --seed {seed} --runs 1 --requests 300" in text
    trace = tmp_path / f"simulated-{seed}.jsonl"
    assert (
        main(["simulate", "--seed", str(seed), "--requests", "300", "--events", str(tmp_path / "log")]) == 1
    )
    assert "expiry" in capsys.readouterr().err
    with TraceReader(trace, pytest.fail) as reader:
        kinds = [event.kind for event in reader]
    assert Kind.OPEN in kinds
    assert Kind.DATA in kinds
    assert len(kinds) < 60


def test_the_event_log_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log"
    log.write_text("mine")
    assert main(["simulate", "--events", str(log)]) == 2
    assert capsys.readouterr().err == f"scache-conformance simulate: {log}: File exists\n"
    assert log.read_text() == "mine"


def test_an_executor_that_cannot_be_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--executor", "beowulf://127.0.0.1:1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_campaign_runs_on_processes_and_prints_its_rate_and_its_rare_situations(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--runs", "4", "--requests", "100", "--jobs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "4 runs from seed 1" in printed
    assert "several sessions fell due at once" in printed
    assert printed.endswith("every invariant held\n")


def test_a_campaign_that_met_too_little_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.commands.simulate.TAME", 100)
    assert main(["simulate", "--runs", "1", "--requests", "100", "--jobs", "1"]) == 1
    assert "too tame: " in capsys.readouterr().out


@pytest.mark.slow
def test_a_campaign_with_everything_switched_on_finds_nothing_and_meets_every_rare_situation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", "--everything", "--runs", "150", "--seed", "5000"]) == 0
    assert capsys.readouterr().out.endswith("every invariant held\n")


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_campaign_runs_on_a_dask_cluster_of_two_workers(capsys: pytest.CaptureFixture[str]) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        assert main(["simulate", "--runs", "6", "--requests", "100", "--executor", address]) == 0
    assert "6 runs from seed 1" in capsys.readouterr().out
