"""`python -m conformance run`, as a user has it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from conformance.catalogue.cases import CATALOGUE, select
from conformance.cli import main
from conformance.targets.simulated import SimulatedTarget
from scache import __version__

RUN = ["run", "--target", "simulated"]


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_run_prints_a_row_a_case_and_a_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "announce/list"]) == 0
    printed = lines(capsys)
    assert [line.split()[:2] for line in printed[1:10]] == [
        ["sanity"],
        ["PASS", "sanity/roundtrip/1"],
        ["announce"],
        *(["PASS", f"announce/list/{number}"] for number in (1, 2, 3, 4)),
        ["sanity"],
        ["PASS", "sanity/roundtrip/1"],
    ]
    assert printed[-3:] == [
        "$ python -m conformance run --target simulated announce/list",
        f"simulated (scache {__version__}): 6 pass",
        "6 cases, 1 targets: all as expected",
    ]


def test_a_run_excludes_what_it_is_told_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "announce/list", "--exclude", "*/[234]"]) == 0
    assert lines(capsys)[-1] == "3 cases, 1 targets: all as expected"


def test_the_list_says_what_a_case_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--list", "expiry/clamp/3"]) == 0
    listed = lines(capsys)
    assert listed[0].startswith("expiry/clamp/3  The limit is a parameter")
    assert listed[0].endswith("[needs restart, clock]")
    assert listed[1:] == ["1 cases"]


def test_a_dry_run_starts_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.targets.simulated.SimulatedTarget.start", lambda *_: 1 // 0)
    assert main([*RUN, "announce/none", "--dry-run"]) == 0
    assert lines(capsys) == [
        "sanity/roundtrip/1",
        "announce/none/1",
        "sanity/roundtrip/1",
        "simulated: can run",
        "3 cases would run on 1 targets",
    ]


def test_a_seed_shuffles_the_cases_in_the_same_way_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    orders = []
    for seed in ("1", "1", "2"):
        assert main([*RUN, "ttl/good", "--dry-run", "--seed", seed]) == 0
        orders.append(lines(capsys))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_bytewise_plays_each_case_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "find_endp", "--bytewise"]) == 0
    assert lines(capsys)[-1].endswith("all as expected")


def test_reports_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {name: tmp_path / f"report.{name}" for name in ("json", "junit", "html")}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert main([*RUN, "announce/list/1", *words]) == 0
    capsys.readouterr()
    assert json.loads(files["json"].read_text())["exit_status"] == 0
    assert "<testsuites" in files["junit"].read_text()
    assert files["html"].read_text().startswith("<!DOCTYPE html>")


def test_a_failure_ends_with_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("scache.cache.connection_cache.ConnectionCache.find_endp", lambda *_: None)
    assert main([*RUN, "announce/list/1"]) == 1
    assert "unexpected: simulated: sanity/roundtrip/1: fail" in lines(capsys)


@pytest.mark.parametrize("variable", ["SCACHE_REQUIRE_ALL", "SCACHE_REQUIRE_POSTFIX"])
def test_a_missing_postfix_is_unavailable_and_a_failure_where_it_is_required(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conformance.postfix.installations.shutil.which", lambda *_, **__: None)
    words = [*RUN, "--target", "postfix", "announce/list/1"]
    for name in ("SCACHE_REQUIRE_ALL", "SCACHE_REQUIRE_POSTFIX"):
        monkeypatch.delenv(name, raising=False)
    assert main(words) == 0
    assert "postfix: unavailable: no Postfix is installed (no postconf command)" in lines(capsys)
    monkeypatch.setenv(variable, "1")
    assert main(words) == 1
    assert "postfix is required, but unavailable: no Postfix is installed (no postconf command)" in lines(
        capsys
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "no/such/case"], "scache-conformance run: no case matches: no/such/case"),
        (["run", "--exclude", "nonsense"], "scache-conformance run: no case matches: nonsense"),
        (["run", "--target", "nonsense"], "scache-conformance run: nonsense: no such target"),
        (
            [*RUN, "announce/list/1", "--json", "/no/such/folder/report.json"],
            "scache-conformance run: /no/such/folder/report.json: its folder can't be written to",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_ends_with_2(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.splitlines()) == ("", [complaint])


def test_the_table_is_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("conformance.catalogue.table.CATALOGUE", select(CATALOGUE, ["announce/list"]))
    monkeypatch.setattr("conformance.commands.table.DOCUMENT", tmp_path / "conformance.md")
    assert main(["table", "--check"]) == 1
    assert "out of date" in capsys.readouterr().err
    assert main(["table"]) == 0
    assert main(["table", "--check"]) == 0


def test_a_run_stops_at_the_first_failure_if_told_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scache.cache.connection_cache.ConnectionCache.find_endp", lambda *_: None)
    assert main([*RUN, "announce/list", "-x"]) == 1
    assert lines(capsys)[-1] == "1 cases, 1 targets: 1 unexpected"


@pytest.mark.usefixtures("signals")
def test_an_interrupted_run_writes_what_it_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = iter(range(100))
    start = SimulatedTarget.start

    def interrupted(target: SimulatedTarget, options: object = None) -> object:
        if next(started) == 3:
            signal.raise_signal(signal.SIGINT)
        return start(target, options)  # type: ignore[arg-type]

    monkeypatch.setattr(SimulatedTarget, "start", interrupted)
    files = {name: tmp_path / name for name in ("json", "junit", "html")}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert main([*RUN, "announce/list", *words]) == 130
    assert lines(capsys)[-1] == "3 cases, 1 targets: interrupted"
    written = json.loads(files["json"].read_text())
    assert (written["interrupted"], written["exit_status"], len(written["cases"])) == (True, 130, 3)
    assert all("interrupted after 3 of 6 cases" in file.read_text() for file in files.values())


def test_a_report_is_replaced_only_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report"
    file.write_text("mine")
    words = [*RUN, "announce/list/1", "--json", str(file)]
    assert main(words) == 2
    assert file.read_text() == "mine"
    assert main([*words, "--overwrite"]) == 0
    assert json.loads(file.read_text())["exit_status"] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    capsys.readouterr()
