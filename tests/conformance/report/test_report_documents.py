from __future__ import annotations

import io
import json
import sys

import pytest
from junitparser import JUnitXml
from rich.console import Console

from conformance.catalogue.language.dialogue import case
from conformance.contract.target import Daemon
from conformance.report.dialogue import hex_dump
from conformance.report.documents import as_json, json_document, junit_document
from conformance.report.page import page
from conformance.report.terminal import TerminalReport
from conformance.runner.expectations import Expectations
from conformance.runner.play import play
from conformance.runner.suite import Suite
from conformance.targets.simulated import SimulatedTarget

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


def printed(suite: Suite, *, verbose: bool = False) -> list[str]:
    output = io.StringIO()
    report = TerminalReport(Console(file=output, width=80), suite.targets, verbose=verbose)
    report.begin()
    for row in suite.run(CASES):
        report.row(row)
    report.end(suite.summary)
    return output.getvalue().splitlines()


def test_the_terminal_has_one_row_a_case_and_one_column_a_target(suite: Suite) -> None:
    lines = [line for line in printed(suite) if not line.startswith("    ")]
    assert [line.split(maxsplit=3)[:3] for line in lines[2:6]] == [
        ["PASS", "n/a", "one/good/1"],
        ["FAIL", "n/a", "one/bad/1"],
        ["NON-STRICT", "n/a", "two/best/1"],
        ["n/a", "n/a", "two/other/1"],
    ]
    assert lines[0] == "absent: unavailable: it isn't here"
    assert lines[1].split() == ["simulated", "absent", "case", "sentence"]


def test_no_row_is_wider_than_the_terminal_and_a_long_name_is_no_wider_than_its_column(
    monkeypatch: pytest.MonkeyPatch, suite: Suite
) -> None:
    monkeypatch.setattr(Absent, "name", "program:/usr/lib/postfix/sbin/scache")
    suite = Suite(suite.targets, play, expectations={target.name: Expectations() for target in suite.targets})
    long = case("one/long/1", "It has a sentence that is longer than the line.", "", "connect")
    monkeypatch.setattr(sys.modules[__name__], "CASES", [long])
    lines = printed(suite)
    at = lines.index("program:/… is program:/usr/lib/postfix/sbin/scache")
    assert lines[at + 1] == "simulated   program:/…  case                        sentence"
    assert lines[at + 2] == "PASS        n/a         one/long/1                  It has a sentence that is l…"


def test_the_terminal_ends_with_what_was_unexpected_and_a_count(suite: Suite) -> None:
    assert printed(suite)[-5:] == [
        "something is wrong",
        "unexpected: simulated: one/bad/1: fail",
        "simulated: 1 pass, 1 non-strict, 1 fail, 1 unavailable",
        "absent: 4 unavailable",
        "4 cases, 2 targets: 2 unexpected",
    ]


def test_a_failure_is_shown_with_what_was_expected_and_if_asked_with_every_byte(suite: Suite) -> None:
    lines = [line.strip() for line in printed(suite)]
    start = lines.index("client a receives")
    assert lines[start + 1 : start + 3] == [r"expected  dummy\x00\x00\x00", "got       nothing"]
    lines = [line.strip() for line in printed(suite, verbose=True)]
    assert "a >> 4 bytes" in lines
    assert "000000  01 3c 26 00                                      .<&." in lines


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
    list(suite.run(CASES))
    document = json.loads(json_document(suite.summary))
    assert document == json.loads(json.dumps(as_json(suite.summary)))
    assert (document["exit_status"], document["problems"]) == (1, ["something is wrong"])
    assert document["counts"]["absent"] == {"unavailable": 4}
    failed = document["cases"][1]["results"][0]
    assert failed["verdict"] == "fail"
    assert [entry["hex"] for entry in failed["transcript"] if entry["who"] == "a >>"] == ["013c2600"]


def test_the_junit_file_has_a_suite_a_target_and_is_xml(suite: Suite) -> None:
    list(suite.run(CASES))
    suites = {each.name: each for each in JUnitXml.fromstring(junit_document(suite.summary).encode())}
    assert set(suites) == {"simulated", "absent", "run"}
    counts = {name: (each.tests, each.failures, each.skipped, each.errors) for name, each in suites.items()}
    assert counts == {"simulated": (4, 1, 1, 0), "absent": (4, 0, 4, 0), "run": (1, 0, 0, 1)}


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(suite: Suite) -> None:
    list(suite.run(CASES))
    shown = page(suite.summary)
    assert "It fails on &lt;purpose&gt; &amp; shows" in shown
    assert not any(outside in shown for outside in ("http:", "https:", "src=", "<script", "@import"))
    assert "not as expected" in shown
