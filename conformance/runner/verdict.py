"""The verdicts of a case on a target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from conformance.catalogue.language.model import Case

__all__ = ["Difference", "Entry", "Observation", "Result", "Verdict"]


class Verdict(Enum):
    """How a case ended; the value is the word that reports use."""

    PASS = "pass"
    NON_STRICT = "non-strict"  # acceptable, but not the preferred outcome
    INFORMATIONAL = "informational"  # no outcome is wrong, this one isn't the usual
    FAIL = "fail"
    UNAVAILABLE = "unavailable"  # this target can't do what the case needs
    EXPECTED_FAILURE = "expected failure"  # listed in the target's known differences


#: What a check saw: a comparable value, equal between two runs that went alike.
Observation = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transcript: who (`a >>`, `a <<`, `daemon`), the bytes if any, and words.

    tokens: the sessions whose descriptors came with the bytes. at: seconds by the daemon's clock.
    """

    who: str
    data: bytes = b""
    note: str = ""
    tokens: tuple[str, ...] = ()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """A look that showed none of the acceptable outcomes: the preferred one and what was seen.

    As bytes, and as the report's words, which say more where it isn't the bytes that differ.
    """

    what: str
    expected: bytes
    got: bytes
    expected_shown: str
    got_shown: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case on one target. `detail` says why where the verdict isn't a plain pass."""

    case: Case
    target: str
    verdict: Verdict
    detail: str = ""
    transcript: tuple[Entry, ...] = ()
    observations: tuple[Observation, ...] = ()
    seconds: float = 0.0
    difference: Difference | None = None

    def judged(self, verdict: Verdict, detail: str) -> Result:
        """The same result under another verdict."""
        return replace(self, verdict=verdict, detail=detail)
