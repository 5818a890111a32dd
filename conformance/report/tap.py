"""A run's result as TAP, version 13: what prove(1) and other harnesses read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from conformance.report.dialogue import printable
from conformance.runner.suite import Summary
from conformance.runner.verdict import Result, Verdict

__all__ = ["tap_document"]


def tap_document(summary: Summary) -> str:
    """The run: one test a case and target, and one for each problem that belongs to no case."""
    tests = [*(_test(result, summary) for result in summary.results), *map(_problem, summary.problems)]
    lines = ["TAP version 13", f"1..{len(tests)}"]
    for number, test in enumerate(tests, 1):
        lines.append(f"{'ok' if test.good else 'not ok'} {number} - {test.name}{test.directive}")
        lines += _diagnosis(test.detail) if test.detail else ()
    return "\n".join(lines) + "\n"


class _Test(NamedTuple):
    good: bool
    name: str
    directive: str = ""
    detail: str = ""


def _test(result: Result, summary: Summary) -> _Test:
    name = _escaped(f"{result.target}: {result.case.id}: {result.case.sentence}")
    first = _escaped(result.detail.partition("\n")[0])
    if result.verdict is Verdict.UNAVAILABLE:
        return _Test(True, name, f" # SKIP {first}")
    if result.verdict is Verdict.EXPECTED_FAILURE:
        return _Test(False, name, f" # TODO {first}")
    if result.verdict in summary.wrong:
        return _Test(False, name, detail=result.detail)
    return _Test(True, name)


def _problem(problem: str) -> _Test:
    return _Test(False, _escaped(problem))


def _diagnosis(detail: str) -> Iterator[str]:
    """The detail as TAP's block of YAML."""
    yield from ("  ---", "  detail: |")
    yield from (f"    {line}" for line in printable(detail).splitlines())
    yield "  ..."


def _escaped(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace("#", "\\#").replace("\n", " ")
