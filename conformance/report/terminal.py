"""The report on a terminal: one row a case, one column a target, failures in full, a count at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from conformance.contract.target import Foreign, Target
from conformance.report.dialogue import transcript_lines
from conformance.report.failure import command, explanation
from conformance.runner.expectations import all_known_of_postfix
from conformance.runner.suite import Row, Summary
from conformance.runner.verdict import Result, Verdict

__all__ = ["WORDS", "TerminalReport", "count_line"]

#: What stands in a column, and its colour.
WORDS = {
    Verdict.PASS: ("PASS", "green"),
    Verdict.NON_STRICT: ("NON-STRICT", "yellow"),
    Verdict.INFORMATIONAL: ("INFO", "cyan"),
    Verdict.FAIL: ("FAIL", "bold red"),
    Verdict.UNAVAILABLE: ("n/a", "dim"),
    Verdict.EXPECTED_FAILURE: ("XFAIL", "magenta"),
}

_WIDTH = max(len(word) for word, _ in WORDS.values())  # of a target's column
_ID_WIDTH = 26
#: Failures of a run whose dialogues are made smaller; each is played again and again for that.
_MOST_SHRUNK = 20


class TerminalReport:
    """Prints rows as they come.

    verbose: transcripts of all results; otherwise failures are explained, and all else is one line.
    expect: whose known differences were accepted of a program or a running server.
    """

    def __init__(
        self, console: Console, targets: Sequence[Target], *, verbose: bool = False, expect: str = "none"
    ) -> None:
        self._console = console
        self._targets = targets
        self._verbose = verbose
        self._expect = expect
        self._explained = 0

    def begin(self) -> None:
        """Which targets can't run here and what was found out about others, and the head of the table."""
        for target in self._targets:
            if reason := target.unavailable():
                self._line(Text(f"{target.name}: unavailable: {reason}", "yellow"))
            elif isinstance(target, Foreign) and ":" in target.name:
                self._line(Text(f"{target.name}: {target.found()}"))
            if len(target.name) > _WIDTH:
                self._line(Text(f"{_column(target.name)} is {target.name}"))
        head = "".join(_column(target.name) + "  " for target in self._targets)
        self._row(Text(f"{head}{'case'.ljust(_ID_WIDTH)}  sentence", "bold"))

    def row(self, row: Row) -> None:
        """One case."""
        line = Text()
        for result in row.results:
            word, colour = WORDS[result.verdict]
            line.append(f"{_column(word)}  ", colour)
        line.append(f"{row.case.id.ljust(_ID_WIDTH)}  {row.case.sentence}")
        self._row(line)
        for result, target in zip(row.results, self._targets, strict=True):
            for text in self._explained_or_in_full(result, target):
                self._line(Text(f"    {text}"))

    def _explained_or_in_full(self, result: Result, target: Target) -> Iterator[str]:
        if result.verdict is Verdict.FAIL:
            yield f"{result.target}: fail"
            self._explained += 1
            few = self._explained <= _MOST_SHRUNK
            yield from explanation(result, target, self._expect, shrinking=few)
            if result.case.id.startswith("sanity/"):
                yield f"{result.target} stops here: without this nothing else would mean anything. Try:"
                yield f"  {command(result, self._expect)}   to see every byte, and the log"
                yield "  its log and its configuration, for what it doesn't like about its surroundings"
        if self._verbose:
            yield from _in_full(result)

    def end(self, summary: Summary) -> None:
        """What went wrong once more, then the count."""
        for problem in summary.problems:
            self._line(Text(problem, "bold red"))
        for result in summary.unexpected:
            self._line(Text(f"unexpected: {result.target}: {result.case.id}: {result.verdict.value}", "red"))
        for target in self._targets:
            self._line(Text(f"{target.name}: {count_line(summary, target.name)}"))
        wrong = len(summary.unexpected) + len(summary.problems)
        verdict = "all as expected" if summary.exit_status == 0 else f"{wrong} unexpected"
        if summary.exit_status == 2:
            verdict = "no target could run"
        if summary.interrupted:
            verdict = "interrupted"
        self._line(Text(f"{len(summary.rows)} cases, {len(self._targets)} targets: {verdict}", "bold"))
        for target in self._targets:
            failed = [result for result in summary.unexpected if result.target == target.name]
            if failed and self._expect == "none" and all_known_of_postfix(target, failed):
                many = f"all {len(failed)} failures are" if failed[1:] else "its failure is"
                known = f"{target.name}: {many} known of a genuine Postfix: accept with --expect postfix"
                self._line(Text(known, "bold"))

    def _row(self, text: Text) -> None:
        """A line of the table: no wider than the terminal."""
        text.rstrip()
        text.truncate(self._console.width, overflow="ellipsis")
        self._line(text)

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)


def _column(text: str) -> str:
    return text.ljust(_WIDTH) if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def count_line(summary: Summary, target: str) -> str:
    """`312 pass, 3 unavailable`: the verdicts of a target, those that don't occur left out."""
    counted = summary.count(target)
    return ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict if counted[verdict])


def _in_full(result: Result) -> Iterator[str]:
    """Verdict, expected and got, the dialogue."""
    yield f"{result.target}: {result.verdict.value}, {result.seconds * 1000:.0f} ms"
    yield f"  {result.case.sentence}"
    for line in result.detail.splitlines():
        yield f"  {line}"
    for line in transcript_lines(result.transcript):
        yield f"  {line}"
