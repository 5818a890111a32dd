"""A run's result as JUnit's XML, as Jenkins, GitLab and most other continuous integration read it."""

from __future__ import annotations

import io

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance.report.about import About
from conformance.report.dialogue import printable, transcript_lines
from conformance.runner.suite import Summary
from conformance.runner.verdict import Result, Verdict

__all__ = ["junit_document"]


def junit_document(summary: Summary, about: About) -> str:
    """The run: one suite a target, and one for what belongs to no case."""
    document = JUnitXml("conformance")
    suites: dict[str, TestSuite] = {}
    for result in summary.results:
        suite = suites.setdefault(result.target, TestSuite(result.target))
        suite.add_testcase(_test_case(result, summary.wrong))
    for name, suite in suites.items():
        suite.timestamp = about.began.strftime("%Y-%m-%dT%H:%M:%S")
        suite.add_property("target", about.targets[name])
        for part, version in about.versions.items():
            suite.add_property(part, version)
        suite.add_property("command", about.command_line)
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


def _test_case(result: Result, wrong: set[Verdict]) -> TestCase:
    name = printable(f"{result.case.id} {result.case.sentence}")
    test = TestCase(name, result.case.group, round(result.seconds, 3))
    if result.verdict in wrong:
        failure = Failure(printable(result.detail.partition("\n")[0]), result.verdict.value)
        failure.text = printable("\n".join([result.detail, *transcript_lines(result.transcript)]))
        test.result = [failure]
    elif result.verdict in (Verdict.UNAVAILABLE, Verdict.EXPECTED_FAILURE):
        test.result = [Skipped(printable(f"{result.verdict.value}: {result.detail}"))]
    return test
