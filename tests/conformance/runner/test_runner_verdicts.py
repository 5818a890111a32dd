from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue.cases import SANITY
from conformance.catalogue.language.dialogue import case
from conformance.catalogue.language.model import Case
from conformance.contract.found import as_release
from conformance.contract.target import Daemon, Target
from conformance.postfix.master import Command
from conformance.runner.bytewise import play_bytewise
from conformance.runner.expectations import FOLDER, Expectations, known_differences
from conformance.runner.play import play
from conformance.runner.suite import Suite, ordered
from conformance.runner.verdict import Entry, Result, Verdict
from conformance.targets import parse_target
from conformance.targets.simulated import SimulatedTarget
from conformance.targets.spawned import SpawnedTarget
from scache.errors import UnavailableError, UsageError
from scache.protocol.dialect import Dialect

SIMULATED = SimulatedTarget()
MISS = ">> request=find_endp label=E ."


def made(dialogue: str, **more: object) -> Case:
    return case("group/section/1", "A sentence.", "", dialogue, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dialogue", "verdict", "detail"),
    [
        (f"{MISS}\n<< status=2 property= .", Verdict.PASS, ""),
        (f"{MISS}\n<< status=1 .\nor << status=2 property= .", Verdict.NON_STRICT, "preferred"),
        (f"{MISS}\n<< status=1 .", Verdict.FAIL, "expected b'status\\x001"),
        (f"{MISS}\n<< nothing", Verdict.FAIL, "got b'status\\x002"),
        (f"{MISS}", Verdict.FAIL, "nothing more expected"),
        (f"{MISS}\n<< status=2 property= . end", Verdict.FAIL, "end of input"),
        ("find_endp E = miss\nlog nothing", Verdict.PASS, ""),
        (">> .\nlog nothing", Verdict.FAIL, "missing attribute request"),
        (">> .", Verdict.FAIL, "no further log line expected"),
        ("find_endp E = miss\nlog warning: x", Verdict.FAIL, "expected warning: x"),
        (">> .\nlog warning: missing attribute request in input from scache socket", Verdict.PASS, ""),
        (">> .\nlog warning: missing attribute request: REASON", Verdict.FAIL, "expected"),
        ("save_endp E P A\nheld A", Verdict.PASS, ""),
        ("save_endp E P A\nfree A", Verdict.FAIL, "session A is held"),
        ("save_endp E P A\nfree A\nor held A", Verdict.NON_STRICT, "session A is held"),
        ("save_endp E P A\nheard A 'x'", Verdict.FAIL, "the remote side of A hears"),
        ("connect\nrunning", Verdict.PASS, ""),
        ("connect\nexit 0", Verdict.FAIL, "exit status"),
        ("connect\nlose master\nrunning", Verdict.FAIL, "the daemon has ended with status 0: no log"),
        ("connect\nprocess flat cost", Verdict.UNAVAILABLE, "no process of its own"),
    ],
)
def test_the_verdict_of_a_dialogue(dialogue: str, verdict: Verdict, detail: str) -> None:
    result = play(made(dialogue), SIMULATED)
    assert (result.verdict, detail in result.detail) == (verdict, True), result.detail


def test_a_stale_errno_is_any_text_but_the_rest_of_the_line_counts() -> None:
    hit = "save_endp E P A\n>> request=find_endp label=E .\n<< status=0 property=P .\n>> ."
    missing = "log warning: missing attribute dummy in input from scache socket"
    sent = f"{hit}\n{missing}\nlog warning: scache_find_endp_service: cannot send file descriptor: REASON"
    other = f"{hit}\n{missing}\nlog warning: scache_find_dest_service: cannot send file descriptor: REASON"
    assert play(made(sent), SIMULATED).verdict is Verdict.PASS
    assert play(made(other), SIMULATED).verdict is Verdict.FAIL


def test_an_informational_case_never_fails() -> None:
    assert play(made(f"{MISS}\n<< nothing", informational=True), SIMULATED).verdict is Verdict.INFORMATIONAL


def test_a_daemon_is_told_to_speak_the_dialect_of_the_case() -> None:
    silent = made("connect silent\n<< nothing", dialect=Dialect(announcement=False))
    assert play(silent, SIMULATED).verdict is Verdict.PASS
    assert play(made("connect silent\n<< nothing"), SIMULATED).verdict is Verdict.FAIL


def test_a_crash_of_a_daemon_in_this_process_fails_its_case_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scache.cache.service.Service.find_endp", lambda *_: 1 // 0)
    result = play(made("find_endp E = miss"), SIMULATED)
    assert (result.verdict, "ZeroDivisionError" in result.detail) == (Verdict.FAIL, True)


def test_a_transcript_holds_every_byte_and_every_line() -> None:
    result = play(made("find_endp E = miss\n>> .\nlog x"), SIMULATED)
    said = [(entry.who, entry.data or entry.note) for entry in result.transcript]
    assert said[2:] == [
        ("a >>", b"request\0find_endp\0label\0E\0\0"),
        ("a <<", b"status\x002\0property\0\0\0"),
        ("a >>", b"\0"),
        ("log", "warning: missing attribute request in input from scache socket"),
    ]


def test_whole_and_byte_by_byte_are_compared() -> None:
    """A reply to the first of two requests throws the second away, unless it comes later."""
    once, twice = "<< status=2 property= .", "<< status=2 property= . status=2 property= ."
    two = f"{MISS} request=find_endp label=F .\n{once}\nor {twice}"
    assert play(made(two), SIMULATED).verdict is Verdict.PASS
    result = play_bytewise(made(two), SIMULATED)
    assert (result.verdict, "byte by byte it ends otherwise" in result.detail) == (Verdict.FAIL, True)
    assert play_bytewise(made(two, whole="a reason"), SIMULATED).verdict is Verdict.PASS


# --- Known differences --------------------------------------------------------------------------------

ENTRY = """
[[expect]]
case = "group/section/1"
verdict = "fail"
shows = "exit status"
reason = "it is known"
section = "a section"
"""


def written(folder: Path, name: str, text: str) -> Expectations:
    (folder / f"{name}.toml").write_text(text)
    return Expectations.of(name, folder=folder)


@pytest.mark.parametrize(
    ("dialogue", "verdict", "detail"),
    [
        ("connect\nexit 0", Verdict.EXPECTED_FAILURE, "it is known (a section)"),
        ("connect\nrunning", Verdict.FAIL, "stale entry"),
        (f"{MISS}\n<< nothing", Verdict.FAIL, "stale entry"),
        ("connect\nprocess flat cost", Verdict.UNAVAILABLE, "no process of its own"),
    ],
)
def test_a_known_difference_is_expected_and_a_stale_one_fails(
    dialogue: str, verdict: Verdict, detail: str, tmp_path: Path
) -> None:
    judged = written(tmp_path, "simulated", ENTRY).judge(play(made(dialogue), SIMULATED))
    assert (judged.verdict, detail in judged.detail) == (verdict, True), judged.detail


def test_an_older_release_has_the_entries_of_newer_ones_and_can_lift_them(tmp_path: Path) -> None:
    written(tmp_path, "postfix", ENTRY)
    passing, failing = (play(made(f"connect\n{end}"), SIMULATED) for end in ("running", "exit 0"))
    newer = Expectations.of("postfix", "postfix-before-3.6", folder=tmp_path)
    assert newer.judge(passing).verdict is Verdict.FAIL
    written(tmp_path, "postfix-before-3.6", ENTRY.replace('"fail"', '"pass"').replace("exit status", ""))
    lifted = Expectations.of("postfix", "postfix-before-3.6", folder=tmp_path)
    assert lifted.judge(passing).verdict is Verdict.PASS
    assert lifted.judge(failing).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("target", "expect", "whose"),
    [
        ("reference", "postfix", ("reference",)),
        ("simulated", "postfix", ()),
        ("postfix-1.0", "none", ("postfix",)),
        ("program:/nonexistent", "none", ()),
        ("program:/nonexistent", "postfix", ("postfix",)),
        ("socket:/nonexistent", "postfix", ("postfix",)),
    ],
)
def test_whose_known_differences_a_target_may_have(target: str, expect: str, whose: tuple[str, ...]) -> None:
    assert [*known_differences(parse_target(target), expect)] == [*Expectations.of(*whose)]


@pytest.mark.postfix
@pytest.mark.parametrize(
    ("version", "files"),
    [
        ("3.7.11", []),
        ("3.5.25", ["3.6"]),
        ("2.11.11", ["3.6", "3.0"]),
        ("2.6.19", ["3.6", "3.0", "2.7"]),
    ],
)
def test_a_release_has_the_known_differences_of_all_before_which_it_stands(
    version: str, files: list[str]
) -> None:
    found = as_release(version)
    target = SpawnedTarget("postfix-x", Command(Path("/bin/true")), found)
    wanted = Expectations.of("postfix", *(f"postfix-before-{release}" for release in files))
    assert found.older == tuple(files)
    assert [*known_differences(target, "none")] == [*wanted]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[expect]]\n", "entry 1 must have"),
        (ENTRY.replace('"fail"', '"perhaps"'), "no such verdict: perhaps"),
        ("[[expect", "simulated.toml: "),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=complaint):
        written(tmp_path, "simulated", text)


def test_ours_has_no_known_difference() -> None:
    assert [*Expectations.of("simulated"), *Expectations.of("live")] == []


def test_every_file_belongs_to_a_target() -> None:
    names = {file.stem for file in FOLDER.iterdir()}
    assert names <= {"reference", "postfix"} | {name for name in names if name.startswith("postfix-")}


# --- A run --------------------------------------------------------------------------------------------


class Absent:
    name = "postfix"

    def unavailable(self) -> str | None:
        return "not installed"

    def start(self, _options: object = None) -> Daemon:
        raise AssertionError("a target that can't run is not started")


class Refusing:
    name = "refusing"

    def unavailable(self) -> str | None:
        return None

    def start(self, _options: object = None) -> Daemon:
        raise UnavailableError("not today")


def run(
    cases: list[Case],
    *targets: Target,
    required: tuple[str, ...] = (),
    strict: bool = False,
    known: Expectations | None = None,
) -> tuple[int, list[list[str]], list[str]]:
    expectations = {target.name: known or Expectations() for target in targets}
    suite = Suite(targets, play, expectations=expectations, required=required, strict=strict)
    suite.check_entries([each.id for each in cases])
    verdicts = [[result.verdict.value for result in row.results] for row in suite.run(cases)]
    return suite.summary.exit_status, verdicts, suite.summary.problems


GOOD = made("find_endp E = miss")
BAD = made(f"{MISS}\n<< nothing")
SECOND_BEST = made("connect\nexit 0\nor running")


def test_a_run_in_which_all_is_as_expected_ends_with_0() -> None:
    assert run([GOOD], SIMULATED) == (0, [["pass"]], [])


def test_a_run_with_a_failure_ends_with_1() -> None:
    assert run([GOOD, BAD], SIMULATED) == (1, [["pass"], ["fail"]], [])


def test_a_second_best_outcome_fails_a_strict_run_only() -> None:
    assert run([SECOND_BEST], SIMULATED) == (0, [["non-strict"]], [])
    assert run([SECOND_BEST], SIMULATED, strict=True) == (1, [["non-strict"]], [])


def test_a_target_that_cannot_run_is_in_the_table() -> None:
    assert run([GOOD], SIMULATED, Absent()) == (0, [["pass", "unavailable"]], [])


def test_a_required_target_that_cannot_run_fails_the_run() -> None:
    status, _, problems = run([GOOD], SIMULATED, Absent(), required=("postfix",))
    assert (status, problems) == (1, ["postfix is required, but unavailable: not installed"])


def test_a_run_in_which_no_target_can_run_ends_with_2() -> None:
    assert run([GOOD], Absent()) == (2, [["unavailable"]], [])


def test_a_case_that_needs_nothing_special_cannot_be_unavailable() -> None:
    assert run([GOOD], SIMULATED, Refusing()) == (1, [["pass", "fail"]], [])
    assert run([made("advance 1")], SIMULATED, Refusing()) == (0, [["pass", "unavailable"]], [])


def test_an_entry_that_names_no_case_fails_the_run(tmp_path: Path) -> None:
    known = written(tmp_path, "simulated", ENTRY.replace("group/section/1", "no/such/1"))
    status, _, problems = run([GOOD], SIMULATED, known=known)
    assert (status, problems) == (1, ["known differences of simulated: no such case: no/such/1"])


def test_the_sanity_case_is_first_and_last_in_every_order() -> None:
    cases = [made("connect") for _ in range(5)]
    assert ordered(cases, SANITY) == [SANITY, *cases, SANITY]
    shuffled = ordered([GOOD, BAD, SECOND_BEST], SANITY, seed=3)
    assert (shuffled[0], shuffled[-1]) == (SANITY, SANITY)
    assert shuffled == ordered([GOOD, BAD, SECOND_BEST], SANITY, seed=3)
    assert (
        len(
            {
                tuple(each.steps for each in ordered([GOOD, BAD, SECOND_BEST], SANITY, seed=n))
                for n in range(9)
            }
        )
        > 1
    )


def test_a_result_that_is_judged_anew_keeps_what_was_seen() -> None:
    seen = (GOOD, "simulated"), ((Entry("a >>", b"x"),), (("what", "seen"),), 1.5)
    result = Result(*seen[0], Verdict.FAIL, "why", *seen[1])
    assert result.judged(Verdict.EXPECTED_FAILURE, "known") == Result(
        *seen[0], Verdict.EXPECTED_FAILURE, "known", *seen[1]
    )
    assert (result.verdict, result.detail) == (Verdict.FAIL, "why")
