"""A run's result as JSON and as JUnit's XML."""

from __future__ import annotations

import io
import json
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.report.dialogue import transcript_lines
from conformance.runner.suite import Summary
from conformance.runner.verdict import Result, Verdict

__all__ = ["as_json", "json_document", "junit_document"]

_LONGEST = 1 << 16  # bytes of one entry of a transcript that are written out; its length is told


def as_json(summary: Summary) -> dict[str, Any]:
    """Every case, what each target did, the counts and the exit status."""
    return {
        "format": "scache-conformance",
        "version": 1,
        "exit_status": summary.exit_status,
        "strict": summary.strict,
        "interrupted": summary.interrupted,
        "problems": summary.problems,
        "counts": {
            target: {verdict.value: number for verdict, number in summary.count(target).items()}
            for target in dict.fromkeys(result.target for result in summary.results)
        },
        "cases": [
            {
                "id": row.case.id,
                "sentence": row.case.sentence,
                "requirements": row.case.requirements,
                "results": [_result(result) for result in row.results],
            }
            for row in summary.rows
        ],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "target": result.target,
        "verdict": result.verdict.value,
        "detail": result.detail,
        "seconds": round(result.seconds, 6),
        "transcript": [
            {
                "who": entry.who,
                "bytes": len(entry.data),
                "hex": entry.data[:_LONGEST].hex(),
                "note": entry.note,
            }
            for entry in result.transcript
        ],
    }


def json_document(summary: Summary) -> str:
    """The run as JSON."""
    return json.dumps(as_json(summary), indent=1) + "\n"


def junit_document(summary: Summary) -> str:
    """The run as JUnit's XML: one suite a target, and one for what belongs to no case."""
    document = JUnitXml("conformance")
    suites: dict[str, TestSuite] = {}
    for result in summary.results:
        suite = suites.setdefault(result.target, TestSuite(result.target))
        suite.add_testcase(_test_case(result, strict=summary.strict))
    for suite in suites.values():
        document.add_testsuite(suite)
    if summary.problems:
        suite = TestSuite("run")
        for problem in summary.problems:
            test = TestCase(problem, "conformance.run", 0)
            test.result = [Error(problem)]
            suite.add_testcase(test)
        document.add_testsuite(suite)
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode()


def _test_case(result: Result, *, strict: bool) -> TestCase:
    name = _printable(f"{result.case.id} {result.case.sentence}")
    test = TestCase(name, result.case.group, round(result.seconds, 6))
    if result.verdict is Verdict.FAIL or (strict and result.verdict is Verdict.NON_STRICT):
        failure = Failure(_printable(result.detail.partition("\n")[0]), result.verdict.value)
        failure.text = _printable("\n".join([result.detail, *transcript_lines(result.transcript)]))
        test.result = [failure]
    elif result.verdict in (Verdict.UNAVAILABLE, Verdict.EXPECTED_FAILURE):
        test.result = [Skipped(_printable(f"{result.verdict.value}: {result.detail}"))]
    return test


def _printable(text: str) -> str:
    """XML has no way to write most control characters."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
