"""A run: every case on every target, the sanity case first and last, and what was expected of it all."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from signal import SIGINT

from conformance.catalogue.language.model import Case
from conformance.contract.target import Target
from conformance.runner.expectations import Expectations
from conformance.runner.verdict import Result, Verdict

__all__ = ["Row", "Suite", "Summary", "ordered"]

Player = Callable[[Case, Target], Result]


@dataclass(frozen=True, slots=True)
class Row:
    """One case on every target."""

    case: Case
    results: tuple[Result, ...]


@dataclass(slots=True)
class Summary:
    """What a run came to. `problems` are those that belong to no single case.

    interrupted: by Ctrl-C; the rows are those of the cases that were played before.
    """

    strict: bool = False
    interrupted: bool = False
    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def results(self) -> Iterator[Result]:
        """Every result, row by row."""
        return (result for row in self.rows for result in row.results)

    def count(self, target: str | None = None) -> Counter[Verdict]:
        """How many results have each verdict, of one target or of all."""
        return Counter(result.verdict for result in self.results if target in (None, result.target))

    @property
    def unexpected(self) -> list[Result]:
        """The results that make the run fail."""
        return [result for result in self.results if result.verdict in self.wrong]

    @property
    def wrong(self) -> set[Verdict]:
        """The verdicts that make the run fail."""
        return {Verdict.FAIL, Verdict.NON_STRICT} if self.strict else {Verdict.FAIL}

    @property
    def exit_status(self) -> int:
        """0: all as expected; 1: not; 2: no target could run at all; 130: interrupted, as a shell has it."""
        if self.interrupted:
            return 128 + SIGINT
        if self.unexpected or self.problems:
            return 1
        verdicts = self.count()
        return 2 if verdicts[Verdict.UNAVAILABLE] == verdicts.total() else 0


def ordered(cases: Sequence[Case], sanity: Case, seed: int | None = None) -> list[Case]:
    """The order of a run: the sanity case first and last; in between as given, or as drawn from a seed."""
    between = list(cases)
    if seed is not None:
        random.Random(seed).shuffle(between)
    return [sanity, *between, sanity]


class Suite:
    """Runs cases on targets.

    required: begins the names of the targets that have to be there: where such a one can't run, that is a
    failure. A target that can't run is in the table all the same.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        player: Player,
        *,
        expectations: Mapping[str, Expectations],
        required: Sequence[str] = (),
        strict: bool = False,
    ) -> None:
        self.targets = targets
        self._player = player
        self._expectations = expectations
        self._absent = {target.name: reason for target in targets if (reason := target.unavailable())}
        self._sane = {target.name for target in targets} - set(self._absent)
        self.summary = Summary(strict)
        for name, reason in self._absent.items():
            if name.startswith(tuple(required)) and required:
                self.summary.problems.append(f"{name} is required, but unavailable: {reason}")

    def check_entries(self, ids: Sequence[str]) -> None:
        """Note as a problem every known difference that names none of the catalogue's cases."""
        for target, expectations in self._expectations.items():
            for case in expectations.naming_no_case(ids):
                self.summary.problems.append(f"known differences of {target}: no such case: {case}")

    def run(self, cases: Sequence[Case]) -> Iterator[Row]:
        """Play the cases one after another, each on every target; rows are yielded as they come.

        A target that fails the first, the sanity case, plays no other; where none is left, the run stops.
        Ctrl-C ends it, and is noted in the summary.
        """
        for number, case in enumerate(cases):
            try:
                row = Row(case, tuple(self._result(case, target) for target in self.targets))
            except KeyboardInterrupt:
                self.summary.interrupted = True
                played = len(self.summary.rows)
                self.summary.problems.append(f"interrupted after {played} of {len(cases)} cases")
                return
            self.summary.rows.append(row)
            yield row
            if number == 0:
                failed = {result.target for result in row.results if result.verdict is Verdict.FAIL}
                self._sane -= failed
                self._absent |= dict.fromkeys(failed, f"it fails {case.id}: nothing else would mean anything")
            if not self._sane:
                return

    def _result(self, case: Case, target: Target) -> Result:
        absent = self._absent.get(target.name)
        if absent is not None:
            return Result(case, target.name, Verdict.UNAVAILABLE, absent)
        result = self._player(case, target)
        if result.verdict is Verdict.UNAVAILABLE and not case.needs:
            result = result.judged(Verdict.FAIL, f"the case needs nothing special, but: {result.detail}")
        return self._expectations[target.name].judge(result)
