"""A failed case, explained: the rule, the first differing byte, the smallest dialogue, the command."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from conformance.catalogue.language.model import Case, Expect, OnProcess, Send, Step
from conformance.catalogue.requirements import requirements
from conformance.contract.shrinking import shrink
from conformance.contract.target import Target
from conformance.report.dialogue import shortened, step_lines
from conformance.runner.play import play
from conformance.runner.shown import first_difference
from conformance.runner.suite import Summary
from conformance.runner.verdict import Difference, Result, Verdict
from conformance.targets.reference import ReferenceTarget

__all__ = ["command", "difference_lines", "explanation", "explanations", "smallest"]

#: Rounds of leaving out to find a smaller dialogue; plays of each, and steps that it takes, at most.
_ROUNDS, _ATTEMPTS, _STEPS = 3, 100, 40_000
#: Failures of a run whose dialogues are made smaller; each is played again and again for that.
_MOST_SHRUNK = 10
_MOST_LINES = 60  # of a dialogue
_FEW = 4  # lines that differ in their numbers alone, of which none is left out
_AROUND = 30  # bytes shown before and behind the first that differs


def explanation(
    result: Result, target: Target, expect: str = "none", *, shrinking: bool = True
) -> Iterator[str]:
    """The lines of a failure's report. shrinking: plays the case again, for the smallest dialogue."""
    yield f"rule broken: {_rule(result.case)}"
    difference = result.difference
    if difference is None:
        yield from result.detail.splitlines()
    else:
        stale = result.detail.partition("\n")[0]
        if stale.startswith("stale entry"):
            yield stale
        yield from difference_lines(difference)
    steps = smallest(result, target) if shrinking else ()
    few = f"{len(steps)} of its {len(result.case.steps)} steps show it" if steps else "its steps"
    yield f"the dialogue ({few}{_with_options(result.case)}):"
    lines = _folded(
        f"  {shortened(line)}" for step in steps or result.case.steps for line in step_lines(step)
    )
    yield from (
        lines
        if len(lines) <= _MOST_LINES
        else [
            *lines[: _MOST_LINES // 2],
            f"  ... {len(lines) - _MOST_LINES} lines more, as `-v` shows them ...",
            *lines[-_MOST_LINES // 2 :],
        ]
    )
    yield f"to play just it: {command(result, expect)}"


def explanations(
    summary: Summary, targets: Sequence[Target], expect: str = "none"
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Case and target -> the lines of the failure's report, for all that failed."""
    by_name = {target.name: target for target in targets}
    failed = [result for result in summary.unexpected if result.verdict is Verdict.FAIL]
    return {
        (result.case.id, result.target): tuple(
            explanation(result, by_name[result.target], expect, shrinking=number < _MOST_SHRUNK)
        )
        for number, result in enumerate(failed)
    }


def command(result: Result, expect: str = "none") -> str:
    """The command line that plays the case alone, with every byte."""
    words = ["python", "-m", "conformance", "run", "--target", result.target]
    words += ["--expect", expect] if expect != "none" else []
    return shlex.join([*words, "-v", result.case.id])


def difference_lines(difference: Difference) -> Iterator[str]:
    """Expected and got, the first differing byte marked."""
    expected, got = difference.expected, difference.got
    if difference.expected_shown == "None":  # it was to come to an end without a complaint, and has this one
        yield from f"{difference.what}: {difference.got_shown}".splitlines()
        return
    yield difference.what
    if expected == got:  # what differs is a descriptor, or the end of input
        yield f"expected  {difference.expected_shown}"
        yield f"got       {difference.got_shown}"
        return
    at = first_difference(expected, got)
    begin = max(0, at - _AROUND)
    before = _escaped(got[begin:at])
    dots = "..." if begin else ""
    for word, data in (("expected", expected), ("got", got)):
        rest = "..." if len(data) > at + _AROUND else ""
        shown = f"{dots}{_escaped(data[begin : at + _AROUND])}{rest}" if data else "nothing"
        yield f"{word:8}  {shown}"
    mark = f"{' ' * len(dots + before)}^ byte {at}"
    yield f"{'':8}  {mark}: expected {_byte(expected, at)}, got {_byte(got, at)}"


def smallest(result: Result, target: Target) -> tuple[Step, ...]:
    """The fewest steps found that fail on the target in the same way, and that the model passes.

    Empty where no steps can be left out, the model can't judge the case, or it takes long.
    """
    case, model = result.case, ReferenceTarget()
    difference = result.difference
    if difference is None or _takes_long(case) or play(case, model).verdict is not Verdict.PASS:
        return ()
    attempts = min(_ATTEMPTS, _STEPS // len(case.steps))

    def fails(units: list[tuple[Step, ...]]) -> bool:
        shorter = replace(case, steps=_joined(units))
        if play(shorter, model).verdict is not Verdict.PASS:
            return False
        again = play(shorter, target)
        return again.verdict is Verdict.FAIL and again.difference == difference

    shorter: Sequence[Step] = case.steps
    for follows in (_belongs_to_exchange, _is_look):
        units = _units(shorter, follows)
        for _ in range(_ROUNDS):
            fewer = shrink(units, fails, attempts)
            if len(fewer) == len(units):
                break
            units = fewer
        shorter = _joined(units)
    return tuple(shorter) if len(shorter) < len(case.steps) else ()


def _takes_long(case: Case) -> bool:
    """Whether one step of it is thousands of exchanges, or may be."""
    return any(isinstance(step, OnProcess) for step in case.steps)


def _folded(lines: Iterable[str]) -> list[str]:
    """Of lines in a row that differ in their numbers alone, the first and the last."""
    folded: list[str] = []
    for _, group in groupby(lines, lambda line: re.sub(r"\d+", "", line)):
        alike = list(group)
        folded += (
            alike if len(alike) <= _FEW else [alike[0], f"  ... {len(alike) - 2} more such ...", alike[-1]]
        )
    return folded


def _is_look(step: Step) -> bool:
    return isinstance(step, Expect)


def _belongs_to_exchange(step: Step) -> bool:
    """Whether it goes on with a request, and begins none."""
    return _is_look(step) or (isinstance(step, Send) and not step.data.startswith(b"request\0"))


def _units(steps: Sequence[Step], follows: Callable[[Step], bool]) -> list[tuple[Step, ...]]:
    """Each step with those that follow from it, which make no sense without it."""
    units: list[tuple[Step, ...]] = []
    for step in steps:
        if follows(step) and units:
            units[-1] += (step,)
        else:
            units.append((step,))
    return units


def _joined(units: Sequence[tuple[Step, ...]]) -> tuple[Step, ...]:
    return tuple(step for unit in units for step in unit)


def _rule(case: Case) -> str:
    """The requirement that the case is about first of all, else its own sentence."""
    texts = {each.id: f"{each.text} ({each.id}; {each.place})" for each in requirements()}
    return next((texts[id] for id in case.requirements if id in texts), case.sentence)


def _with_options(case: Case) -> str:
    options = ", ".join(f"{name}={value}" for name, value in case.options.items())
    return f", with {options}" if options else ""


def _escaped(data: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02x}" for byte in data)


def _byte(data: bytes, at: int) -> str:
    return f"{data[at]:02x} ({_escaped(data[at : at + 1])})" if at < len(data) else "the end"
