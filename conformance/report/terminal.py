"""The report on a terminal: one row a case, one column a target, failures in full, a count at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from conformance.contract.target import Target
from conformance.report.dialogue import transcript_lines
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


class TerminalReport:
    """Prints rows as they come. verbose: transcripts of all results, not of failures only."""

    def __init__(self, console: Console, targets: Sequence[Target], *, verbose: bool = False) -> None:
        self._console = console
        self._targets = targets
        self._verbose = verbose

    def begin(self) -> None:
        """The head of the table, and which targets can't run here."""
        for target in self._targets:
            if reason := target.unavailable():
                self._line(Text(f"{target.name}: unavailable: {reason}", "yellow"))
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
        for result in row.results:
            if self._verbose or result.verdict is Verdict.FAIL:
                for text in _in_full(result):
                    self._line(Text(f"    {text}"))

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
