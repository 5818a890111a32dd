"""Cases that other processes play before they are asked for."""

from __future__ import annotations

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.contract.target import Target
from conformance.runner.ahead import played_ahead
from conformance.runner.play import play
from conformance.targets import parse_target


def played(target: Target, jobs: int) -> list[tuple[str, str, object]]:
    cases = select(CATALOGUE, ["announce/list"])
    with played_ahead(play, cases, ["live"], jobs) as player:
        results = [(case, player(case, target)) for case in (SANITY, *cases, SANITY)]
    assert all(result.case is case for case, result in results)
    return [(case.id, result.verdict.value, result.observations) for case, result in results]


def test_cases_played_ahead_come_out_in_their_order_as_if_they_were_played_one_by_one() -> None:
    assert played(parse_target("live"), 2) == played(parse_target("live"), 1)


def test_cases_that_nobody_asks_for_are_dropped() -> None:
    cases = CATALOGUE[:6]
    with played_ahead(play, cases, ["live"], 2) as player:
        assert player(cases[0], parse_target("live")).verdict.value == "pass"
