from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml
from rich.console import Console

from conformance.catalogue.language.dialogue import case
from conformance.cli import main
from conformance.commands import progress
from conformance.commands.progress import with_progress
from conformance.contract.target import Daemon
from conformance.report.about import About
from conformance.report.annotations import annotation_lines
from conformance.report.comparison import compare, read_result
from conformance.report.dialogue import hex_dump
from conformance.report.documents import as_json, json_document
from conformance.report.failure import explanations
from conformance.report.junit import junit_document
from conformance.report.tap import tap_document
from conformance.report.terminal import TerminalReport
from conformance.runner.expectations import Expectations
from conformance.runner.play import play
from conformance.runner.suite import Suite
from conformance.runner.verdict import Verdict
from conformance.targets.simulated import SimulatedTarget
from scache.errors import UsageError

SUPPORT = Path(__file__).parents[2] / "support"
SCHEMA = Path(sys.modules[as_json.__module__].__file__ or "").with_name("result.schema.json")
BEGAN = datetime(2027, 1, 15, 8, tzinfo=UTC)
CASES = [
    case("one/good/1", "It passes.", "", "find_endp E = miss"),
    case("one/bad/1", "It fails on <purpose> & shows\x01it.", "", r">> '\x01<&\0'" + "\n<< dummy"),
    case("two/best/1", "It is second best.", "", "connect\nexit 0\nor running"),
    case("two/other/1", "It can't be done.", "", "connect\nprocess flat cost"),
]


class Absent:
    name = "absent"

    def unavailable(self) -> str | None:
        return "it isn't here"

    def start(self, _options: object = None) -> Daemon:
        raise AssertionError


@pytest.fixture
def suite() -> Suite:
    targets = (SimulatedTarget(), Absent())
    made = Suite(targets, play, expectations={target.name: Expectations() for target in targets})
    made.summary.problems.append("something is wrong")
    return made


def about(suite: Suite) -> About:
    versions = {"scache": "1.0", "Python": "3.11.2", "Linux": "6.1 x86_64"}
    targets = {target.name: f"what {target.name} is" for target in suite.targets}
    return About(["python", "-m", "conformance", "run", "a b"], 7, BEGAN, 2.5, versions, targets)


def result_of(suite: Suite) -> dict[str, Any]:
    if not suite.summary.rows:
        list(suite.run(CASES))
    document = json_document(as_json(suite.summary, about(suite), explanations(suite.summary, suite.targets)))
    read: dict[str, Any] = json.loads(document)
    return read


def printed(suite: Suite, *, verbose: bool = False, width: int = 80) -> list[str]:
    output = io.StringIO()
    report = TerminalReport(Console(file=output, width=width), suite.targets, verbose=verbose)
    report.begin()
    for row in suite.run(CASES):
        report.row(row)
    report.end(suite.summary, about(suite), explanations(suite.summary, suite.targets), None)
    return output.getvalue().splitlines()


def test_the_terminal_has_one_row_a_case_and_one_column_a_target_section_by_section(suite: Suite) -> None:
    lines = [line for line in printed(suite) if not line.startswith("    ")]
    assert lines[:2] == ["absent: unavailable: it isn't here", lines[1]]
    assert lines[1].split() == ["simulated", "absent", "case", "sentence"]
    assert [line.split(maxsplit=3)[:3] for line in lines[2:8]] == [
        ["one"],
        ["PASS", "n/a", "one/good/1"],
        ["FAIL", "n/a", "one/bad/1"],
        ["two"],
        ["NON-STRI…", "n/a", "two/best/1"],
        ["n/a", "n/a", "two/other/1"],
    ]


def test_five_targets_and_the_longest_id_fit_80_columns() -> None:
    names = ("reference", "simulated", "live", "postfix", "postfix-3.5")
    targets = [type("Named", (Absent,), {"name": name})() for name in names]
    suite = Suite(targets, play, expectations={})
    long = case("interleaved/no-descriptor/1", "It has a sentence.", "", "connect")
    output = io.StringIO()
    report = TerminalReport(Console(file=output, width=80), targets)
    for row in suite.run([long]):
        report.row(row)
    lines = output.getvalue().splitlines()
    assert lines[1].split() == ["n/a"] * 5 + ["interleaved/no-descriptor/1"]


def test_no_row_is_wider_than_the_terminal_and_a_long_name_is_no_wider_than_its_column(
    monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    monkeypatch.setattr(Absent, "name", "program:/usr/lib/postfix/sbin/scache")
    suite = Suite(suite.targets, play, expectations={target.name: Expectations() for target in suite.targets})
    long = case("one/long/1", "It has a sentence that is longer than the line.", "", "connect")
    monkeypatch.setattr(sys.modules[__name__], "CASES", [long])
    lines = printed(suite)
    at = lines.index("program:/… is program:/usr/lib/postfix/sbin/scache")
    assert lines[at + 1] == "simulated program:/… case                         sentence"
    assert lines[at + 3] == "PASS      n/a        one/long/1                   It has a sentence that is lon…"


def test_the_terminal_ends_with_what_was_unexpected_what_to_paste_and_a_count(suite: Suite) -> None:
    assert printed(suite)[-7:] == [
        "something is wrong",
        "unexpected: simulated: one/bad/1: fail",
        "scache 1.0, Python 3.11.2, Linux 6.1 x86_64; 2027-01-15 08:00 UTC, 2 s, seed 7",
        "$ python -m conformance run 'a b'",
        "simulated (what simulated is): 1 pass, 1 non-strict, 1 fail, 1 unavailable",
        "absent (what absent is): 4 unavailable",
        "4 cases, 2 targets: 2 unexpected",
    ]


def test_what_each_section_came_to_is_a_table_where_there_are_more_than_two(
    monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    more = [*CASES, case("three/good/1", "It passes, too.", "", "find_endp E = miss")]
    monkeypatch.setattr(sys.modules[__name__], "CASES", more)
    lines = printed(suite)
    at = lines.index("simulated absent  section")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["1", "FAIL", "0/2", "one"],
        ["0/2", "0/2", "two"],
        ["1", "0/1", "three"],
    ]


def test_a_failure_is_explained_behind_the_table_and_if_asked_every_byte_is_shown(suite: Suite) -> None:
    lines = [line.strip() for line in printed(suite)]
    start = lines.index("client a receives")
    assert lines[start + 1 : start + 3] == [r"expected  dummy\x00\x00\x00", "got       nothing"]
    assert start > max(at for at, line in enumerate(lines) if "two/other/1" in line)
    lines = [line.strip() for line in printed(suite, verbose=True)]
    assert "a >> 4 bytes" in lines
    assert "000000  01 3c 26 00                                      .<&." in lines


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_wants_none(
    environment: dict[str, str], coloured: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    words = [sys.executable, "-m", "conformance", "run", "--target", "simulated", "find_endp/hit/1"]
    shown = b""

    def read(descriptor: int) -> bytes:
        nonlocal shown
        data = os.read(descriptor, 4096)
        shown += data
        return data

    command = ["env", "-u", "NO_COLOR", "TERM=xterm", *(f"{k}={v}" for k, v in environment.items()), *words]
    assert os.waitstatus_to_exitcode(pty.spawn(command, read)) == 0
    capfd.readouterr()
    assert b"all as expected" in shown
    assert (re.search(rb"\x1b\[[\d;]*3[0-7]m", shown) is not None) is coloured


def test_a_long_run_shows_how_far_it_is_how_fast_and_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    assert list(with_progress(iter(range(3)), 3, console)) == [0, 1, 2]
    assert re.search(r"3/3.*/s.*0:00:00", output.getvalue())


def test_a_short_run_shows_no_progress() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=100)
    assert list(with_progress(iter(range(3)), 3, console)) == [0, 1, 2]
    assert output.getvalue() == ""


def test_only_failures_are_shown_in_full_unless_asked(suite: Suite) -> None:
    assert not any("label.E" in line for line in printed(suite))
    assert any("label.E" in line for line in printed(suite, verbose=True))


def test_like_lines_of_a_long_message_become_a_star() -> None:
    assert list(hex_dump(b"L" * 64 + b"ab")) == [
        f"000000  {'4c ' * 15}4c  {'L' * 16}",
        "*",
        "000040  61 62                                            ab",
    ]


def test_every_line_of_a_short_message_is_there() -> None:
    assert [line.split()[0] for line in hex_dump(bytes(range(48)))] == ["000000", "000010", "000020"]


def test_the_json_has_everything(suite: Suite) -> None:
    document = result_of(suite)
    assert (document["exit_status"], document["problems"]) == (1, ["something is wrong"])
    assert document["about"]["command"][-2:] == ["run", "a b"]
    assert document["counts"]["absent"] == {"unavailable": 4}
    failed = document["cases"][1]
    result = failed["results"][0]
    assert result["verdict"] == "fail"
    dialogue = failed["dialogues"][result["dialogue"]]
    assert [entry["hex"] for entry in dialogue if entry["who"] == "a >>"] == ["013c2600"]
    assert result["difference"] == {
        "what": "client a receives",
        "expected": repr(b"dummy\0\0\0"),
        "got": "nothing",
        "first": 0,
        "begin": 0,
        "expected_hex": b"dummy\0\0\0".hex(),
        "got_hex": "",
    }
    assert result["explanation"][-1].endswith("-v one/bad/1")


def test_the_json_is_as_the_published_schema_has_it(suite: Suite) -> None:
    import jsonschema

    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    document = result_of(suite)
    validator.validate(document)
    for part, wrong in [("version", 1), ("cases", [{"id": "x/1"}]), ("counts", {"live": {"good": 1}})]:
        assert not validator.is_valid({**document, part: wrong})


def test_targets_that_say_the_same_share_one_dialogue(monkeypatch: pytest.MonkeyPatch) -> None:
    second = SimulatedTarget()
    monkeypatch.setattr(second, "name", "second", raising=False)
    suite = Suite(
        [SimulatedTarget(), second],
        play,
        expectations={"simulated": Expectations(), "second": Expectations()},
    )
    good = result_of(suite)["cases"][0]
    assert len(good["dialogues"]) == 1
    assert [result["dialogue"] for result in good["results"]] == [0, 0]


def test_of_many_bytes_the_first_are_in_the_json_with_the_digest_of_all(
    monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    long = case("one/long/1", "It is long.", "", "connect\n>> 'x'*5000\nclose")
    monkeypatch.setattr(sys.modules[__name__], "CASES", [long])
    (entry,) = [each for each in result_of(suite)["cases"][0]["dialogues"][0] if each["who"] == "a >>"]
    assert (entry["bytes"], len(entry["hex"]), len(entry["sha256"])) == (5000, 2 * 1024, 64)


def test_the_junit_file_has_a_suite_a_target_and_is_what_jenkins_reads(suite: Suite) -> None:
    import xmlschema

    list(suite.run(CASES))
    document = junit_document(suite.summary, about(suite))
    suites = {each.name: each for each in JUnitXml.fromstring(document.encode())}
    assert set(suites) == {"simulated", "absent", "run"}
    counts = {name: (each.tests, each.failures, each.skipped, each.errors) for name, each in suites.items()}
    assert counts == {"simulated": (4, 1, 1, 0), "absent": (4, 0, 4, 0), "run": (1, 0, 0, 1)}
    schema = xmlschema.XMLSchema(SUPPORT / "junit-10.xsd")
    schema.validate(document)
    assert not schema.is_valid(document.replace("<testcase name=", "<testcase nome=", 1))


def test_the_tap_file_is_a_line_a_case_and_target(suite: Suite) -> None:
    list(suite.run(CASES))
    lines = tap_document(suite.summary).splitlines()
    assert lines[:2] == ["TAP version 13", "1..9"]
    assert lines[2:5] == [
        "ok 1 - simulated: one/good/1: It passes.",
        "ok 2 - absent: one/good/1: It passes. # SKIP it isn't here",
        "not ok 3 - simulated: one/bad/1: It fails on <purpose> & shows?it.",
    ]
    assert lines[5:9] == [
        "  ---",
        "  detail: |",
        "    client a receives",
        f"    expected {b'dummy' + bytes(3)!r}",
    ]
    assert lines[-1] == "not ok 9 - something is wrong"


@pytest.mark.needs("prove")
def test_prove_reads_the_tap_file(suite: Suite, tmp_path: Path) -> None:
    list(suite.run(CASES))
    file = tmp_path / "conformance.tap"
    file.write_text(tap_document(suite.summary))
    said = subprocess.run(["prove", "--exec", "cat", file], capture_output=True, text=True)
    assert "Failed 2/9 subtests" in said.stdout
    assert "(less 5 skipped subtests: 2 okay)" in said.stdout


def test_failures_are_annotations_of_a_workflow(suite: Suite) -> None:
    list(suite.run(CASES))
    failed, problem = annotation_lines(suite.summary)
    title = "::error title=one/bad/1 on simulated%3A It fails on <purpose> & shows\x01it.::"
    assert failed.startswith(f"{title}client a receives%0Aexpected ")
    assert problem == "::error title=conformance::something is wrong"


def test_annotations_are_printed_where_a_workflow_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scache.cache.connection_cache.ConnectionCache.find_endp", lambda *_: None)
    for value, wanted in (("true", 1), ("", 0)):
        monkeypatch.setenv("GITHUB_ACTIONS", value)
        assert main(["run", "--target", "simulated", "announce/list/1"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert (
            sum(line.startswith("::error title=sanity/roundtrip/1 on simulated%3A") for line in lines)
            == wanted
        )


def changed(suite: Suite, verdict: Verdict) -> dict[str, Any]:
    """The result as it would be if the first case had ended in another way."""
    document = result_of(suite)
    document["cases"][0]["results"][0]["verdict"] = verdict.value
    return document


def test_two_runs_are_compared(suite: Suite) -> None:
    old, new = changed(suite, Verdict.FAIL), result_of(suite)
    there, back = compare(old, new), compare(new, old)
    assert there.passes == [("one/good/1", "simulated", "fail", "pass")]
    assert back.failures == [("one/good/1", "simulated", "pass", "fail")]
    other = compare(changed(suite, Verdict.NON_STRICT), changed(suite, Verdict.INFORMATIONAL))
    assert [change.case for change in other.verdicts] == ["one/good/1"]
    assert there.failures == there.verdicts == there.answers == []


def test_an_answer_that_changed_is_told_though_the_verdict_is_the_same(suite: Suite) -> None:
    old, new = result_of(suite), result_of(suite)
    new["cases"][0]["dialogues"][0][1]["hex"] = "00"
    assert compare(old, new).answers == [("one/good/1", "simulated", "pass", "pass")]


def test_cases_that_only_one_run_has_are_named(suite: Suite) -> None:
    old, new = result_of(suite), result_of(suite)
    old["cases"].pop(0)
    new["cases"].pop(1)
    assert (compare(old, new).only_before, compare(old, new).only_after) == (["one/bad/1"], ["one/good/1"])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "not the result of a conformance run"),
        ('{"format": "scache-conformance", "version": 1}', "of version 1; this one reads version 2"),
    ],
)
def test_what_is_no_result_is_refused(content: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=complaint):
        read_result(file)


def test_a_run_says_what_is_new_since_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--target", "simulated", "find_endp/hit/1"]
    old = tmp_path / "old.json"
    assert main([*words, "--json", str(old)]) == 0
    monkeypatch.setattr("scache.cache.connection_cache.ConnectionCache.find_endp", lambda *_: None)
    assert main([*words, "--against", str(old)]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = lines.index(f"against the run of {read_result(old)['about']['began']}:")
    assert lines[at + 1 : at + 6] == [
        "  1 new failures",
        "    simulated: sanity/roundtrip/1: pass, now fail",
        "  0 new passes",
        "  0 other verdicts",
        "  0 changed answers",
    ]
