"""Two runs compared: what fails anew, what passes anew, what else is answered otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from conformance.report.documents import FORMAT, VERSION
from conformance.runner.verdict import Verdict
from scache.errors import UsageError

__all__ = ["Change", "Comparison", "compare", "read_result"]

_FAIL, _PASS = Verdict.FAIL.value, Verdict.PASS.value


class Change(NamedTuple):
    """A case that a target ended otherwise than before.

    before, after: the verdicts; equal where only the dialogue differs.
    """

    case: str
    target: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different from an earlier run, of the cases and targets that both have.

    began: when the earlier one began. only_before, only_after: cases that only one of them has.
    """

    began: str
    failures: list[Change]
    passes: list[Change]
    verdicts: list[Change]
    answers: list[Change]
    only_before: list[str]
    only_after: list[str]

    @property
    def parts(self) -> tuple[tuple[str, list[Change]], ...]:
        """The four kinds of changes, each with its name."""
        return (
            ("new failures", self.failures),
            ("new passes", self.passes),
            ("other verdicts", self.verdicts),
            ("changed answers", self.answers),
        )


def read_result(path: Path) -> dict[str, Any]:
    """The result of an earlier run. Raises UsageError for a file that isn't one, OSError."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError as failure:
        raise UsageError(f"{path}: no JSON: {failure}") from failure
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{path}: not the result of a conformance run")
    if document.get("version") != VERSION:
        raise UsageError(f"{path}: of version {document.get('version')}; this one reads version {VERSION}")
    return document


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """What is different in the new run."""
    before, after = _results(old), _results(new)
    cases = [{case for case, _ in results} for results in (before, after)]
    found = Comparison(
        began=old["about"]["began"],
        failures=[],
        passes=[],
        verdicts=[],
        answers=[],
        only_before=sorted(cases[0] - cases[1]),
        only_after=sorted(cases[1] - cases[0]),
    )
    for (case, target), (was, said_before) in before.items():
        if (case, target) not in after:
            continue
        now, says = after[case, target]
        change = Change(case, target, was, now)
        if now != was:
            kinds = {_FAIL: found.failures, _PASS: found.passes}
            kinds.get(now, found.verdicts).append(change)
        elif says != said_before:
            found.answers.append(change)
    return found


def _results(document: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, Any]]:
    """Case and target: the verdict, and the dialogue."""
    return {
        (case["id"], result["target"]): (
            result["verdict"],
            None if result["dialogue"] is None else case["dialogues"][result["dialogue"]],
        )
        for case in document["cases"]
        for result in case["results"]
    }
