"""Known differences of a target: which case is expected to end how, and why (expectations/NAME.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.contract.target import Foreign, Target
from conformance.runner.verdict import Result, Verdict
from scache.errors import UsageError

__all__ = ["FOLDER", "Expectation", "Expectations", "all_known_of_postfix", "known_differences"]

#: Where the files are; `postfix.toml` holds for every release of Postfix, `postfix-before-3.6.toml` for those
#: that behave like one before 3.6.
FOLDER = Path(__file__).parent.parent / "expectations"

_KEYS = {"case", "verdict", "shows", "reason", "section"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """One entry. `verdict` is fail, non-strict or unavailable; `section`: where the specification has it.

    In a file for older releases, pass lifts an entry of one for newer ones.

    shows: what the result's detail must hold, so that another failure isn't taken for the known one.
    """

    case: str
    verdict: Verdict
    shows: str
    reason: str
    section: str


class Expectations:
    """The entries that hold for one target."""

    def __init__(self, entries: Iterable[Expectation] = ()) -> None:
        self._by_case = {entry.case: entry for entry in entries}

    @classmethod
    def of(cls, *names: str, folder: Path = FOLDER) -> Expectations:
        """Those of the files of these names, a later one before an earlier one; a file may be missing.

        Raises UsageError for a file that can't be meant.
        """
        files = [folder / f"{name}.toml" for name in names]
        return cls(entry for file in files if file.exists() for entry in _read(file))

    def __iter__(self) -> Iterator[Expectation]:
        return iter(self._by_case.values())

    def judge(self, result: Result) -> Result:
        """The result in the light of what is known: an expected failure, or a stale entry, which fails."""
        entry = self._by_case.get(result.case.id)
        if entry is None or result.verdict is entry.verdict is Verdict.PASS:
            return result
        if result.verdict is Verdict.UNAVAILABLE:
            return result  # what can't be looked at here says nothing of the entry
        if result.verdict is entry.verdict and entry.shows in result.detail:
            known = f"{entry.reason} ({entry.section})"
            return result.judged(Verdict.EXPECTED_FAILURE, f"{known}\n{result.detail}".rstrip())
        known = f"{entry.verdict.value} that shows {entry.shows!r} ({entry.reason})"
        stale = f"stale entry: expected {known}, but: {result.verdict.value}"
        return result.judged(Verdict.FAIL, f"{stale}\n{result.detail}".rstrip())

    def naming_no_case(self, ids: Iterable[str]) -> list[str]:
        """The entries whose case is none of these: they are stale, too."""
        return sorted(self._by_case.keys() - set(ids))


def known_differences(target: Target, expect: str) -> Expectations:
    """Those that hold for a target.

    expect: whose a program or a running server may have, `postfix` or `none`; other targets have their own.
    """
    named = target.name.partition(":")[0] not in ("program", "socket")
    family = target.name.partition("-")[0] if named else expect
    if family != "postfix":
        return Expectations.of(family)
    return Expectations.of("postfix", *(f"postfix-before-{each}" for each in _older_releases(target)))


def all_known_of_postfix(target: Target, results: Sequence[Result]) -> bool:
    """Whether these failures of a target are all such as a genuine Postfix has."""
    known = known_differences(target, "postfix")
    return all(known.judge(result).verdict is Verdict.EXPECTED_FAILURE for result in results)


def _older_releases(target: Target) -> tuple[str, ...]:
    """The releases before which a target that runs here stands, newest first (contract/found.py)."""
    if target.unavailable() is not None or not isinstance(target, Foreign):
        return ()
    return target.found().older


def _read(file: Path) -> Iterator[Expectation]:
    try:
        entries = tomllib.loads(file.read_text()).get("expect", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise UsageError(f"{file.name}: {failure}") from failure
    for number, entry in enumerate(entries, 1):
        if set(entry) != _KEYS:
            raise UsageError(
                f"{file.name}: entry {number} must have {', '.join(sorted(_KEYS))}, and nothing else"
            )
        try:
            verdict = Verdict(entry["verdict"])
        except ValueError:
            raise UsageError(f"{file.name}: entry {number}: no such verdict: {entry['verdict']}") from None
        yield Expectation(entry["case"], verdict, entry["shows"], entry["reason"], entry["section"])
