"""Failures as annotations of a GitHub workflow, which shows them on the page of the commit."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.runner.suite import Summary
from conformance.runner.verdict import Result

__all__ = ["annotation_lines"]


def annotation_lines(summary: Summary) -> Iterator[str]:
    """The lines that a step of a workflow prints: one a failure or problem.

    GitHub shows the first ten of a step.
    """
    for result in summary.unexpected:
        yield f"::error title={_property(_title(result))}::{_message(result.detail or result.case.sentence)}"
    for problem in summary.problems:
        yield f"::error title=conformance::{_message(problem)}"


def _title(result: Result) -> str:
    return f"{result.case.id} on {result.target}: {result.case.sentence}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
