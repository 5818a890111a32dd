"""The catalogue as pytest items, one a case, for a project that has pytest and packages an scache.

    pytest -p conformance.pytest_plugin --scache program:/usr/libexec/postfix/scache --scache-expect postfix

A case that fails is a failed test, a known difference an expected failure, and what the target can't do is
skipped. Whatever pytest has works on them: -k, -x, --junit-xml, pytest-xdist's -n.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from conformance.catalogue.cases import CATALOGUE, SANITY, select
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.catalogue.recorded.traces import trace_cases
from conformance.contract.target import Target
from conformance.report.failure import explanation
from conformance.runner.expectations import known_differences
from conformance.runner.play import play
from conformance.runner.verdict import Result, Verdict
from conformance.targets import parse_target
from scache.errors import UsageError

__all__ = [
    "CaseFailedError",
    "CaseItem",
    "TargetCollector",
    "pytest_addoption",
    "pytest_collection_modifyitems",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is tested, whose known differences it may have, and which cases."""
    group = parser.getgroup("scache", "the conformance of an scache")
    group.addoption("--scache", metavar="TARGET", help="program:PATH, socket:PATH, postfix, live, ...")
    group.addoption(
        "--scache-expect",
        choices=("postfix", "none"),
        default="none",
        help="whose known differences program:PATH and socket:PATH may have (default: none)",
    )
    group.addoption(
        "--scache-case",
        action="append",
        default=[],
        metavar="CASE",
        help="an id, the beginning of ids, or a glob; may be repeated (default: all)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Put the cases behind whatever else was collected. Raises pytest.UsageError for what can't be meant."""
    name = config.getoption("--scache")
    if name is None:
        return
    try:
        collector = TargetCollector.from_parent(session, name=name, nodeid=name, target=_target(name))
        select(_every_case(), config.getoption("--scache-case"))
    except UsageError as failure:
        raise pytest.UsageError(str(failure)) from failure
    items.extend(session.genitems(collector))


def _target(name: str) -> Target:
    target = parse_target(name)
    reason = target.unavailable()
    if reason is not None:
        raise UsageError(f"{name}: {reason}")
    return target


def _every_case() -> tuple[Case, ...]:
    return (*CATALOGUE, *golden_cases(), *trace_cases())


class TargetCollector(pytest.Collector):
    """The cases of one target."""

    def __init__(self, *, target: Target, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.target = target
        self.expectations = known_differences(target, self.config.getoption("--scache-expect"))

    def collect(self) -> Iterator[CaseItem]:
        """The sanity case first, and then those that were asked for."""
        for case in (SANITY, *select(_every_case(), self.config.getoption("--scache-case"))):
            yield CaseItem.from_parent(self, name=case.id, case=case)


class CaseFailedError(Exception):
    """A case that failed, with its result."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.detail)
        self.result = result


class CaseItem(pytest.Item):
    """One case as a test."""

    def __init__(self, *, case: Case, **more: object) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self.case = case

    def runtest(self) -> None:
        """Play the case. Raises CaseFailedError; skips what is unavailable, and expects what is known."""
        collector = self.getparent(TargetCollector)
        assert collector is not None
        result = collector.expectations.judge(play(self.case, collector.target))
        if result.verdict is Verdict.UNAVAILABLE:
            pytest.skip(result.detail)
        if result.verdict is Verdict.EXPECTED_FAILURE:
            pytest.xfail(result.detail.partition("\n")[0])
        if result.verdict is Verdict.FAIL:
            raise CaseFailedError(result)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Literal["long", "short", "line", "no", "native", "value", "auto"] | None = None,
    ) -> str:
        """The report's explanation instead of the plugin's own stack."""
        if not isinstance(excinfo.value, CaseFailedError):
            return str(super().repr_failure(excinfo, style))
        collector = self.getparent(TargetCollector)
        assert collector is not None
        expect = self.config.getoption("--scache-expect")
        return "\n".join(explanation(excinfo.value.result, collector.target, expect))

    def reportinfo(self) -> tuple[Path, None, str]:
        """What stands over a failure."""
        return self.path, None, f"{self.case.id}: {self.case.sentence}"
