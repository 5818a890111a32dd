"""How the lab compares two runs."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.lab.instance.maillog import Line, LogTally
from conformance.lab.outcome import Outcome, compare, warning_kind
from conformance.lab.tables import histogram
from conformance.lab.traffic.sinks import SinkCounts


def outcome(
    mails: int = 200,
    connections: int = 10,
    reused: int = 190,
    warnings: tuple[str, ...] = (),
) -> Outcome:
    tally = LogTally(uses=Counter({1: 10, 2: reused}))
    tally.serious = [Line(*(process, 1, text)) for process, _, text in (w.partition(": ") for w in warnings)]
    return Outcome(200, tally, (SinkCounts(connections, mails),))


PROBLEM = "smtp: warning: problem talking to service private/scache: Connection reset by peer"

#: the real run, the other run, the figures that differ
PAIRS = [
    (outcome(), outcome(), []),
    (outcome(), outcome(mails=199), ["mails missing"]),
    (outcome(mails=199), outcome(), []),
    (outcome(mails=199), outcome(mails=199), []),
    (outcome(mails=199), outcome(mails=198), ["mails missing"]),
    (outcome(connections=10), outcome(connections=14), []),
    (outcome(connections=10), outcome(connections=15), ["connections"]),
    (outcome(connections=1000), outcome(connections=1100), []),
    (outcome(connections=1000), outcome(connections=1101), ["connections"]),
    (outcome(connections=1000), outcome(connections=899), ["connections"]),
    (outcome(), outcome(reused=170), ["deliveries over a used connection"]),
    (outcome(), outcome(warnings=(PROBLEM,)), ["warning 'smtp: warning: problem talking to service scache'"]),
    (outcome(warnings=(PROBLEM,)), outcome(warnings=(PROBLEM,) * 5), []),
    (
        outcome(warnings=(PROBLEM,)),
        outcome(warnings=(PROBLEM,) * 6),
        ["warning 'smtp: warning: problem talking to service scache'"],
    ),
    (outcome(warnings=(PROBLEM,)), outcome(), []),
    (outcome(), outcome(warnings=("cleanup: warning: problem talking to service rewrite: Success",)), []),
    (outcome(), outcome(warnings=("smtp: warning: open active 4A5B6C7D8E: No such file or directory",)), []),
]


@pytest.mark.parametrize(("real", "other", "figures"), PAIRS)
def test_runs_are_the_same_within_the_tolerance(real: Outcome, other: Outcome, figures: list[str]) -> None:
    assert [difference.figure for difference in compare(real, other)] == figures


@pytest.mark.parametrize(("warnings", "chance"), [(4, True), (5, False)])
def test_a_cache_that_is_ended_in_the_middle_interrupts_a_few_requests(warnings: int, chance: bool) -> None:
    other = outcome(warnings=(PROBLEM,) * warnings)

    assert (not list(compare(outcome(), other, disturbed=True))) == chance
    assert list(compare(outcome(), other))


def test_the_slack_grows_with_the_number_of_runs() -> None:
    real = outcome(connections=10) + outcome(connections=10)

    assert not list(compare(real, outcome(connections=15) + outcome(connections=13)))
    assert list(compare(real, outcome(connections=15) + outcome(connections=14)))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "warning: problem talking to service private/scache: Connection reset by peer",
            "warning: problem talking to service scache: Success",
        ),
        (
            "warning: process /usr/lib/postfix/sbin/scache pid 12 killed by signal 9",
            "warning: process /usr/lib/postfix/sbin/../../x/program/scache pid 345 killed by signal 9",
        ),
        ("warning: 6B1CA20C044: flush service failure", "warning: 77AA0C14D: flush service failure"),
    ],
)
def test_warnings_that_differ_by_what_changes_from_run_to_run_are_of_one_kind(
    first: str, second: str
) -> None:
    assert warning_kind(Line("smtp", 1, first)) == warning_kind(Line("smtp", 2, second))


def test_warnings_of_two_processes_are_of_two_kinds() -> None:
    assert warning_kind(Line("smtp", 1, "warning: x")) != warning_kind(Line("lmtp", 1, "warning: x"))


def test_the_histogram_has_bands_that_double() -> None:
    assert histogram(Counter({1: 6, 2: 6, 3: 6, 4: 5, 300: 1})) == "1: 6, 2: 6, 3-4: 11, 257-: 1"
