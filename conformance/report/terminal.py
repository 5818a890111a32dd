"""The report on a terminal: one row a case, one column a target; then failures, sections, and a summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from conformance.contract.target import Foreign, Target
from conformance.report.about import About
from conformance.report.comparison import Comparison
from conformance.report.dialogue import transcript_lines
from conformance.report.documents import Explanations
from conformance.report.failure import command
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

#: Of a target's column; five of them and the longest id fit 80 columns.
_NARROWEST, _WIDEST = 7, 10
_ID_WIDTH = 27
#: Columns for a case's sentence below which it is left out.
_LEAST_OF_A_SENTENCE = 20
#: Changes of each kind that are listed; the JSON has all.
_MOST_CHANGES = 20


class TerminalReport:
    """Prints rows as they come.

    verbose: transcripts of all results. by_section: the cases come section by section, each with a heading.
    expect: whose known differences were accepted of a program or a running server.
    """

    def __init__(
        self,
        console: Console,
        targets: Sequence[Target],
        *,
        verbose: bool = False,
        by_section: bool = True,
        expect: str = "none",
    ) -> None:
        self._console = console
        self._targets = targets
        self._widths = [max(_NARROWEST, min(len(target.name), _WIDEST)) for target in targets]
        self._verbose = verbose
        self._by_section = by_section
        self._section = ""
        self._expect = expect

    def begin(self) -> None:
        """Which targets can't run here and what was found out about others, and the head of the table."""
        for target, width in zip(self._targets, self._widths, strict=True):
            if reason := target.unavailable():
                self._line(Text(f"{target.name}: unavailable: {reason}", "yellow"))
            elif isinstance(target, Foreign) and ":" in target.name:
                self._line(Text(f"{target.name}: {target.found()}"))
            if len(target.name) > width:
                self._line(Text(f"{_column(target.name, width)} is {target.name}"))
        names = [(target.name, "bold") for target in self._targets]
        self._row(names, Text(f"{'case'.ljust(_ID_WIDTH)}  sentence", "bold"))

    def row(self, row: Row) -> None:
        """One case."""
        if self._by_section and row.case.group != self._section:
            self._section = row.case.group
            self._line(Text(self._section, "bold"))
        words = [WORDS[result.verdict] for result in row.results]
        self._row(words, Text(f"{row.case.id.ljust(_ID_WIDTH)}  {row.case.sentence}"))
        if self._verbose:
            for result in row.results:
                for text in _in_full(result):
                    self._line(Text(f"    {text}"))

    def end(
        self, summary: Summary, about: About, explanations: Explanations, comparison: Comparison | None
    ) -> None:
        """The failures, explained; what each section came to; what is new; a summary; the count."""
        for result in summary.unexpected:
            self._explain(result, explanations.get((result.case.id, result.target), ()))
        self._sections(summary)
        if comparison is not None:
            for text in _changes(comparison):
                self._line(Text(text))
        for problem in summary.problems:
            self._line(Text(problem, "bold red"))
        for result in summary.unexpected:
            self._line(Text(f"unexpected: {result.target}: {result.case.id}: {result.verdict.value}", "red"))
        for text in _to_paste(summary, about):
            self._line(Text(text))
        wrong = len(summary.unexpected) + len(summary.problems)
        verdict = "all as expected" if summary.exit_status == 0 else f"{wrong} unexpected"
        if summary.exit_status == 2:
            verdict = "no target could run"
        if summary.interrupted:
            verdict = "interrupted"
        self._line(Text(f"{len(summary.rows)} cases, {len(self._targets)} targets: {verdict}", "bold"))
        self._hint(summary)

    def _explain(self, result: Result, lines: Sequence[str]) -> None:
        word, colour = WORDS[result.verdict]
        self._line(Text(f"{word} {result.case.id} on {result.target}: {result.case.sentence}", colour))
        for line in lines or result.detail.splitlines():
            self._line(Text(f"    {line}"))
        if result.case.id.startswith("sanity/") and result.verdict is Verdict.FAIL:
            for line in _stops_here(result, self._expect):
                self._line(Text(f"    {line}"))

    def _sections(self, summary: Summary) -> None:
        """Sections by targets: cases passed, of how many; or how many failed."""
        sections: dict[str, list[Row]] = {}
        for row in summary.rows:
            sections.setdefault(row.case.group, []).append(row)
        if len(sections) < 3:
            return
        self._row([(target.name, "bold") for target in self._targets], Text("section", "bold"))
        for name, rows in sections.items():
            cells = [_cell([row.results[at].verdict for row in rows]) for at in range(len(self._targets))]
            self._row(cells, Text(name))

    def _hint(self, summary: Summary) -> None:
        for target in self._targets:
            failed = [result for result in summary.unexpected if result.target == target.name]
            if failed and self._expect == "none" and all_known_of_postfix(target, failed):
                many = f"all {len(failed)} failures are" if failed[1:] else "its failure is"
                known = f"{target.name}: {many} known of a genuine Postfix: accept with --expect postfix"
                self._line(Text(known, "bold"))

    def _row(self, cells: Sequence[tuple[str, str]], rest: Text) -> None:
        """A line of the table: no wider than the terminal, and no stump of a sentence at its end."""
        line = Text()
        for (word, colour), width in zip(cells, self._widths, strict=True):
            line.append(f"{_column(word, width)} ", colour)
        room = self._console.width - len(line)
        if room - _ID_WIDTH < _LEAST_OF_A_SENTENCE:
            rest.truncate(_ID_WIDTH)
        rest.truncate(room, overflow="ellipsis")
        line.append_text(rest)
        line.rstrip()
        self._line(line)

    def _line(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)


def _column(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def _stops_here(result: Result, expect: str) -> Iterator[str]:
    yield f"{result.target} stops here: without this nothing else would mean anything. Try:"
    yield f"  {command(result, expect)}   to see every byte, and the log"
    yield "  its log and its configuration, for what it doesn't like about its surroundings"


def _cell(verdicts: Sequence[Verdict]) -> tuple[str, str]:
    failed, passed = verdicts.count(Verdict.FAIL), verdicts.count(Verdict.PASS)
    if failed:
        return f"{failed} FAIL", WORDS[Verdict.FAIL][1]
    if passed == len(verdicts):
        return str(passed), WORDS[Verdict.PASS][1]
    return f"{passed}/{len(verdicts)}", ""


def count_line(summary: Summary, target: str) -> str:
    """`312 pass, 3 unavailable`: the verdicts of a target, those that don't occur left out."""
    counted = summary.count(target)
    return ", ".join(f"{counted[verdict]} {verdict.value}" for verdict in Verdict if counted[verdict])


def _to_paste(summary: Summary, about: About) -> Iterator[str]:
    """What somebody needs to know who reads of the run in an issue."""
    seed = "" if about.seed is None else f", seed {about.seed}"
    yield f"{about.platform}; {about.began:%Y-%m-%d %H:%M} UTC, {about.seconds:.0f} s{seed}"
    yield f"$ {about.command_line}"
    for target, what in about.targets.items():
        yield f"{target} ({what}): {count_line(summary, target)}"


def _changes(comparison: Comparison) -> Iterator[str]:
    yield f"against the run of {comparison.began}:"
    for name, changes in comparison.parts:
        yield f"  {len(changes)} {name}"
        for change in changes[:_MOST_CHANGES]:
            words = "" if change.before == change.after else f": {change.before}, now {change.after}"
            yield f"    {change.target}: {change.case}{words}"
        if len(changes) > _MOST_CHANGES:
            yield f"    and {len(changes) - _MOST_CHANGES} more"
    for name, cases in (("gone", comparison.only_before), ("new", comparison.only_after)):
        if cases:
            yield f"  {len(cases)} cases are {name}"


def _in_full(result: Result) -> Iterator[str]:
    """Verdict, expected and got, the dialogue."""
    yield f"{result.target}: {result.verdict.value}, {result.seconds * 1000:.0f} ms"
    yield f"  {result.case.sentence}"
    for line in result.detail.splitlines():
        yield f"  {line}"
    for line in transcript_lines(result.transcript):
        yield f"  {line}"
