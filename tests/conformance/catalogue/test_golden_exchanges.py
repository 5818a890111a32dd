from __future__ import annotations

import dataclasses

import pytest

from conformance.catalogue.language.model import Case, Expect, Log, Reply, Send
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.contract.target import Target
from conformance.runner.play import play
from conformance.runner.verdict import Verdict
from conformance.targets import parse_target
from conformance.targets.simulated import SimulatedTarget


def unequal(target: Target) -> list[str]:
    return [case.id for case in golden_cases() if play(case, target).verdict is not Verdict.PASS]


def test_there_are_82_exchanges() -> None:
    assert [case.id for case in golden_cases()] == [f"golden/3.7/{number}" for number in range(1, 83)]


def test_every_exchange_is_answered_as_recorded_in_simulation() -> None:
    assert unequal(SimulatedTarget()) == []


@pytest.mark.postfix
def test_every_exchange_is_answered_as_recorded_by_the_real_daemon() -> None:
    assert unequal(parse_target("postfix")) == []


def test_the_long_messages_of_the_last_exchange_are_there_in_full() -> None:
    sizes = [len(step.data) for step in golden_cases()[-1].steps if isinstance(step, Send)]
    assert sizes == [20042, 1, 10026, 8, 8]


def test_what_the_server_sent_is_one_look_with_the_token_of_the_session_that_was_saved() -> None:
    case = golden_cases()[1]  # save_endp, and a find that hits
    looks = [step.outcomes[0] for step in case.steps if isinstance(step, Expect)]
    assert looks[-1] == Reply(b"\0", ("S1",))


def changed_log(case: Case) -> Case:
    steps = tuple(step for step in case.steps if not isinstance(step, Log))
    return dataclasses.replace(case, steps=(*steps, Log((("warning: another",),))))


def changed_reply(case: Case) -> Case:
    last = max(index for index, step in enumerate(case.steps) if isinstance(step, Expect))
    steps = list(case.steps)
    steps[last] = Expect("a", (Reply(b"status\x003\0\0"),))
    return dataclasses.replace(case, steps=tuple(steps))


@pytest.mark.parametrize("change", [changed_log, changed_reply])
def test_another_recording_is_not_equal(change: object) -> None:
    assert callable(change)
    for case in golden_cases():
        assert play(change(case), SimulatedTarget()).verdict is Verdict.FAIL, case.id
