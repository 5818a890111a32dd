"""What is said of a failed case: the rule, the first differing byte, the smallest dialogue, the command."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from conformance.catalogue.cases import CATALOGUE, SANITY
from conformance.catalogue.language.dialogue import case, parse
from conformance.catalogue.language.model import Case
from conformance.contract.found import as_release
from conformance.contract.target import Target
from conformance.report.about import About
from conformance.report.dialogue import step_lines
from conformance.report.failure import difference_lines, explanation, explanations
from conformance.report.terminal import TerminalReport
from conformance.runner.expectations import Expectations
from conformance.runner.play import play
from conformance.runner.suite import Suite
from conformance.runner.verdict import Difference, Result, Verdict
from conformance.targets.simulated import SimulatedTarget
from scache.cache.connection_cache import ConnectionCache
from scache.protocol.dialect import POSTFIX_3_6

ABOUT = About([], None, datetime.now(UTC), 0.0, {}, {})

LONG = case(
    "find_endp/example/1",
    "A session that is saved is found.",
    "wire.find_endp",
    """
    find_endp Q = miss
    save_dest D DP E
    b: find_endp Q = miss
    save_endp E P A
    find_endp E = P A
    find_endp E = miss
    """,
)


@pytest.fixture
def never_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConnectionCache, "find_endp", lambda *_: None)


@pytest.mark.usefixtures("never_finds")
def test_a_failure_is_explained_with_the_least_that_shows_it() -> None:
    result = play(LONG, SimulatedTarget())
    assert list(explanation(result, SimulatedTarget())) == [
        "rule broken: find_endp: request, label; the reply is a status and a property. "
        "(wire.find_endp; behaviour 2, seed scache_find_endp_service)",
        "client a receives",
        r"expected  status\x000\x00property\x00P\x00\x00",
        r"got       status\x002\x00property\x00\x00\x00",
        "                    ^ byte 7: expected 30 (0), got 32 (2)",
        "the dialogue (7 of its 19 steps show it):",
        "  connect",
        "  >> request=save_endp ttl=2 label=E property=P .",
        "  << dummy",
        "  >> [A]",
        "  << status=0 .",
        "  >> request=find_endp label=E .",
        "  << status=0 property=P .",
        "to play just it: python -m conformance run --target simulated -v find_endp/example/1",
    ]


@pytest.mark.usefixtures("never_finds")
def test_of_a_long_dialogue_a_whole_exchange_is_left_out_at_a_time() -> None:
    saves = [f"save_endp E{number} P A\nfind_endp F{number} = miss" for number in range(60)]
    long = replace(
        LONG, steps=case("x/1", "", "wire.find_endp", "\n".join([*saves, "find_endp E7 = P A"])).steps
    )
    lines = list(explanation(play(long, SimulatedTarget()), SimulatedTarget()))
    assert "the dialogue (7 of its 366 steps show it):" in lines
    assert "  >> request=save_endp ttl=2 label=E7 property=P ." in lines


def test_what_a_process_step_complains_of_is_told_as_it_says_it() -> None:
    problem = Difference("thousands of everything", b"", b"", "None", "binding 7\nexpected  x\ngot       y")
    lines = ["thousands of everything: binding 7", "expected  x", "got       y"]
    assert list(difference_lines(problem)) == lines


@pytest.mark.usefixtures("never_finds")
def test_steps_in_a_row_that_differ_in_their_numbers_alone_are_told_as_two() -> None:
    crowd = "\n".join(f"c{number}: connect" for number in range(9))
    many = case("x/1", "", "wire.find_endp", f"{crowd}\nc0: save_endp E P A\nc0: find_endp E = P A")
    lines = list(explanation(play(many, SimulatedTarget()), SimulatedTarget(), shrinking=False))
    at = lines.index("  c0: connect")
    assert lines[at : at + 3] == ["  c0: connect", "  ... 7 more such ...", "  c8: connect"]


@pytest.mark.parametrize(
    ("expected", "got", "lines"),
    [
        (b"status", b"stale", ["expected  status", "got       stale", "             ^ byte 3: "]),
        (b"ab", b"a", ["expected  ab", "got       a", "           ^ byte 1: expected 62 (b), got the end"]),
        (b"", b"x", ["expected  nothing", "got       x", "          ^ byte 0: expected the end, got 78 (x)"]),
        (
            b"a" * 100 + b"\0",
            b"a" * 100 + b"\xff",
            [
                f"expected  ...{'a' * 30}\\x00",
                f"got       ...{'a' * 30}\\xff",
                f"          {' ' * 33}^ byte 100: expected 00 (\\x00), got ff (\\xff)",
            ],
        ),
    ],
)
def test_the_first_differing_byte_is_marked(expected: bytes, got: bytes, lines: list[str]) -> None:
    shown = list(difference_lines(Difference("client a receives", expected, got, "", "")))
    assert [line.startswith(start) for line, start in zip(shown[1:], lines, strict=True)] == [True] * 3


def test_where_no_byte_differs_the_words_do() -> None:
    difference = Difference("who holds session A", b"", b"", "session A is free", "session A is held")
    assert list(difference_lines(difference)) == [
        "who holds session A",
        "expected  session A is free",
        "got       session A is held",
    ]


GROUPS = dict.fromkeys(each.group for each in (SANITY, *CATALOGUE))
#: Two thirds of all steps are theirs: the longest dialogues, and the largest texts.
LONG_GROUPS = ("endurance", "size")


@pytest.mark.parametrize(
    "group", [pytest.param(each, marks=[pytest.mark.lasting] * (each in LONG_GROUPS)) for each in GROUPS]
)
def test_a_dialogue_is_written_as_it_can_be_read_again(group: str) -> None:
    for each in (SANITY, *CATALOGUE):
        if each.group == group:
            text = "\n".join(line for step in each.steps for line in step_lines(step))
            assert parse(text, each.dialect or POSTFIX_3_6) == tuple(each.steps), each.id


class Program(SimulatedTarget):
    """A program of which something was found out."""

    name = "program:x"

    def found(self) -> object:
        return as_release("3.7.11")


def printed(target: Target, cases: list[Case], known: Expectations) -> list[str]:
    output = io.StringIO()
    suite = Suite([target], play, expectations={target.name: known})
    report = TerminalReport(Console(file=output, width=200), [target])
    report.begin()
    for row in suite.run(cases):
        report.row(row)
    report.end(suite.summary, ABOUT, explanations(suite.summary, [target]), None)
    return output.getvalue().splitlines()


def test_what_was_found_out_is_the_first_line() -> None:
    lines = printed(Program(), [SANITY], Expectations())
    assert lines[0] == "program:x: speaks first, waits both ways; looks like Postfix 3.7.11"


@pytest.mark.usefixtures("never_finds")
def test_a_target_that_fails_the_sanity_case_plays_no_other_and_it_is_said_what_to_try() -> None:
    lines = [line.strip() for line in printed(Program(), [SANITY, LONG, SANITY], Expectations())]
    assert "program:x stops here: without this nothing else would mean anything. Try:" in lines
    assert not any("find_endp/example/1" in line for line in lines)
    assert lines[-1] == "1 cases, 1 targets: 1 unexpected"


def leaks(target: Target, case: Case) -> Result:
    """The failure that a genuine Postfix has."""
    return Result(case, target.name, Verdict.FAIL, "session A is held")


def test_where_all_failures_are_a_genuine_postfix_s_the_last_line_says_so() -> None:
    target = Program()
    leak = next(each for each in CATALOGUE if each.id == "robustness/leak/1")
    suite = Suite([target], lambda each, on: leaks(on, each), expectations={target.name: Expectations()})
    output = io.StringIO()
    report = TerminalReport(Console(file=output, width=200), [target])
    list(suite.run([leak]))
    report.end(suite.summary, ABOUT, {}, None)
    assert output.getvalue().splitlines()[-1] == (
        "program:x: its failure is known of a genuine Postfix: accept with --expect postfix"
    )
