"""A run's result as JSON, as result.schema.json describes it. All other pages of a run are made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.catalogue.requirements import requirements
from conformance.report.about import About
from conformance.report.dialogue import shortened, step_lines
from conformance.runner.shown import first_difference
from conformance.runner.suite import Row, Summary
from conformance.runner.verdict import Difference, Entry, Result

__all__ = ["FORMAT", "VERSION", "Explanations", "as_json", "json_document"]

FORMAT, VERSION = "scache-conformance", 2

#: Case and target -> the lines that explain the failure (failure.explanation).
Explanations = Mapping[tuple[str, str], Sequence[str]]

#: Bytes of one entry that are written out; of a longer one there are its length and its digest, too.
_LONGEST = 1024
#: Bytes before and behind the first that differs.
_BEFORE, _BEHIND = 64, 192


def as_json(summary: Summary, about: About, explanations: Explanations) -> dict[str, Any]:
    """Every case, what each target did, the counts and the exit status."""
    checked = {id for row in summary.rows for id in row.case.requirements}
    return {
        "format": FORMAT,
        "version": VERSION,
        "about": {
            "command": list(about.command),
            "seed": about.seed,
            "began": about.began.isoformat(timespec="seconds"),
            "seconds": round(about.seconds, 3),
            "versions": about.versions,
            "targets": about.targets,
        },
        "exit_status": summary.exit_status,
        "strict": summary.strict,
        "interrupted": summary.interrupted,
        "problems": summary.problems,
        "counts": {
            target: {verdict.value: number for verdict, number in summary.count(target).items()}
            for target in dict.fromkeys(result.target for result in summary.results)
        },
        "requirements": {
            each.id: {"text": each.text, "place": each.place} for each in requirements() if each.id in checked
        },
        "cases": [_case(row, explanations) for row in summary.rows],
    }


def json_document(document: Mapping[str, Any]) -> str:
    """The result as text: one case a line."""
    head = json.dumps({name: value for name, value in document.items() if name != "cases"}, indent=1)
    cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in document["cases"])
    return f'{head.removesuffix("}").rstrip()},\n "cases": [\n{cases}\n]}}\n'


def _case(row: Row, explanations: Explanations) -> dict[str, Any]:
    case = row.case
    dialogues: list[tuple[Entry, ...]] = []
    results = []
    for result in row.results:
        if result.transcript and result.transcript not in dialogues:
            dialogues.append(result.transcript)
        at = dialogues.index(result.transcript) if result.transcript else None
        results.append(_result(result, at, explanations.get((case.id, result.target), ())))
    return {
        "id": case.id,
        "sentence": case.sentence,
        "requirements": case.requirements,
        "options": dict(case.options),
        "steps": [shortened(line) for step in case.steps for line in step_lines(step)],
        "dialogues": [[_entry(entry) for entry in dialogue] for dialogue in dialogues],
        "results": results,
    }


def _result(result: Result, dialogue: int | None, explanation: Sequence[str]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "target": result.target,
        "verdict": result.verdict.value,
        "detail": result.detail,
        "seconds": round(result.seconds, 6),
        "dialogue": dialogue,
    }
    if result.difference is not None:
        written["difference"] = _difference(result.difference)
    if explanation:
        written["explanation"] = list(explanation)
    return written


def _difference(difference: Difference) -> dict[str, Any]:
    at = first_difference(difference.expected, difference.got)
    begin, end = max(0, at - _BEFORE), at + _BEHIND
    return {
        "what": difference.what,
        "expected": difference.expected_shown,
        "got": difference.got_shown,
        "first": at,
        "begin": begin,
        "expected_hex": difference.expected[begin:end].hex(),
        "got_hex": difference.got[begin:end].hex(),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    written: dict[str, Any] = {"who": entry.who, "at": entry.at}
    if entry.data:
        written |= {"bytes": len(entry.data), "hex": entry.data[:_LONGEST].hex()}
    if len(entry.data) > _LONGEST:
        written["sha256"] = hashlib.sha256(entry.data).hexdigest()
    if entry.note:
        written["note"] = entry.note
    if entry.tokens:
        written["tokens"] = list(entry.tokens)
    return written
