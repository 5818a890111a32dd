from __future__ import annotations

import re
from collections import Counter

import pytest

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.catalogue.recorded.traces import trace_cases
from conformance.catalogue.requirements import requirements
from conformance.catalogue.table import DOCUMENT, document
from conformance.runner.bytewise import play_bytewise
from conformance.runner.play import play
from conformance.runner.verdict import Verdict
from conformance.sabotage.table import kinds, rows
from conformance.targets import parse_target
from conformance.targets.simulated import SimulatedTarget
from scache.errors import UsageError

EVERY = (SANITY, *CATALOGUE, *golden_cases())
GROUPS = {
    "announce",
    "dialect",
    "attributes",
    "ttl",
    "save_endp",
    "find_endp",
    "save_dest",
    "find_dest",
    "cache",
    "expiry",
    "descriptor",
    "pipelining",
    "half-close",
    "statistics",
    "lifecycle",
    "log",
}


def test_there_are_cases_in_every_group_and_150_in_all() -> None:
    assert {case.group for case in CATALOGUE} >= GROUPS
    assert len(CATALOGUE) >= 150


def test_every_id_is_group_section_number_and_occurs_once() -> None:
    ids = Counter(case.id for case in EVERY)
    assert [id for id, times in ids.items() if times > 1] == []
    assert [id for id in ids if not re.fullmatch(r"[a-z_-]+/[a-z0-9_.-]+/\d+", id)] == []


def test_a_sentence_is_one_line_and_says_one_thing() -> None:
    assert [case.id for case in EVERY if "\n" in case.sentence or not case.sentence.endswith(".")] == []


def test_every_requirement_has_a_case_or_a_reason_and_never_both() -> None:
    checked = {requirement for case in (*EVERY, *trace_cases()) for requirement in case.requirements}
    wrong = [each.id for each in requirements() if (each.id in checked) == bool(each.reason)]
    assert wrong == []


def test_every_case_names_requirements_that_exist() -> None:
    known = {each.id for each in requirements()}
    assert [
        case.id for case in EVERY if not case.requirements or not known.issuperset(case.requirements)
    ] == []


def test_docs_conformance_md_is_what_the_catalogue_makes() -> None:
    assert DOCUMENT.read_text() == document(rows(), kinds()), "run python -m conformance table"


@pytest.mark.lasting
def test_every_case_looks_at_something_and_passes_whole_and_byte_by_byte() -> None:
    results = [play_bytewise(case, SimulatedTarget()) for case in EVERY]
    assert [(each.case.id, each.detail) for each in results if each.verdict is Verdict.FAIL] == []
    passed = [each for each in results if each.verdict is Verdict.PASS]
    assert [
        each.case.id for each in passed if not each.observations and "process" not in each.case.needs
    ] == []


@pytest.mark.postfix
def test_byte_by_byte_gives_the_same_replies_and_the_same_log_on_the_real_daemon() -> None:
    cases = select(CATALOGUE, ["save_", "find_", "attributes", "half-close"])
    results = [play_bytewise(case, parse_target("postfix")) for case in cases]
    assert [(each.case.id, each.detail) for each in results if each.verdict is Verdict.FAIL] == []


#: Why a case isn't sent byte by byte although it would not end otherwise.
NO_POINT = ("tells nothing", "starts the time limit", "while the daemon is stopped")


@pytest.mark.lasting
@pytest.mark.parametrize(
    "case",
    [case for case in CATALOGUE if case.whole and not any(why in case.whole for why in NO_POINT)],
    ids=lambda case: case.id,
)
def test_a_case_that_is_only_sent_whole_does_end_otherwise_byte_by_byte(case: Case) -> None:
    assert play(case, SimulatedTarget(), bytewise=True).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("patterns", "excluded", "chosen"),
    [
        (["expiry/back/1"], [], ["expiry/back/1"]),
        (["expiry/back"], [], ["expiry/back/1", "expiry/back/2"]),
        (["expiry/back/*"], ["*/2"], ["expiry/back/1"]),
        (["ttl/good/1"], [], ["ttl/good/1"]),
        (["announce/none", "expiry/stop"], [], ["announce/none/1", "expiry/stop/1"]),
    ],
)
def test_a_pattern_is_an_id_a_beginning_or_a_glob(
    patterns: list[str], excluded: list[str], chosen: list[str]
) -> None:
    assert [case.id for case in select(CATALOGUE, patterns, excluded)] == chosen


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no case matches: nonsense"):
        select(CATALOGUE, ["nonsense"])
