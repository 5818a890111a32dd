"""A check that can't fail checks nothing: wrong daemons, and the cases that notice them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.contract.target import Daemon, Target
from conformance.runner.play import play
from conformance.runner.verdict import Verdict
from conformance.targets.simulated import SimulatedTarget
from tests.support.sabotage import OTHER_WRONGS, TEN_RULES, Sabotage

EVERY = (SANITY, *CATALOGUE, *golden_cases())
GROUPS = list(dict.fromkeys(case.group for case in EVERY))


def failing(cases: Sequence[Case], target: Target) -> list[str]:
    return [case.id for case in cases if play(case, target).verdict is Verdict.FAIL]


def test_no_case_fails_on_the_daemon_as_it_is() -> None:
    assert failing(EVERY, SimulatedTarget()) == []


@pytest.mark.parametrize("sabotage", TEN_RULES, ids=lambda sabotage: sabotage.__name__)
def test_a_broken_rule_is_caught(
    sabotage: Sabotage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sabotage(monkeypatch)
    caught_by = failing(select(CATALOGUE, [], ["endurance", "size"]), SimulatedTarget())
    with capsys.disabled():
        shown = ", ".join(caught_by[:4]) + (f" and {len(caught_by) - 4} more" if len(caught_by) > 4 else "")
        print(f"\n  {sabotage.__name__.replace('_', ' ')}: caught by {shown or 'nothing'}", end="")
    assert caught_by


@pytest.mark.parametrize("group", [group for group in GROUPS if group != "config"])
def test_every_group_notices_a_daemon_that_is_wrong_in_its_field(
    group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    OTHER_WRONGS[group](monkeypatch)
    assert failing([case for case in EVERY if case.group == group], SimulatedTarget())


class EndedDaemon:
    """A daemon that has ended with status 0 and another text, whatever it was given."""

    dialect = SimulatedTarget().start().dialect

    def exit_status(self) -> int | None:
        return 0

    def log(self) -> list[str]:
        return ["fatal: no idea"]

    def stop(self) -> None:
        pass


class EndedTarget:
    name = "ended"

    def unavailable(self) -> str | None:
        return None

    def start(self, _options: object = None) -> Daemon:
        return EndedDaemon()  # type: ignore[return-value]


def test_the_config_group_notices_a_daemon_that_ends_otherwise() -> None:
    refused = select(CATALOGUE, ["config/refused"])
    assert failing(refused, EndedTarget()) == [case.id for case in refused]
