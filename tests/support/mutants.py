"""Mutation testing of the pure rooms, by mutmut: tests/mutants.toml has to explain what survives."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mutant", "changed", "complaints", "explained", "function_of", "survivors"]

_ROOT = Path(__file__).parent.parent.parent
_EXPLANATIONS = _ROOT / "tests" / "mutants.toml"
_KILLED = ("killed", "timeout", "caught by type check")


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """A change to a function that no test notices: the lines that it takes away and puts in."""

    function: str
    line: str
    mutant: str

    def __str__(self) -> str:
        return f"{self.function}\n    - {self.line}\n    + {self.mutant}"


def function_of(name: str) -> str:
    """The function's dotted name, of a mutant's as mutmut has it."""
    module, _, mangled = name.partition(".x")
    return f"{module}.{mangled.rpartition('__mutmut_')[0].removeprefix('_').lstrip('ǁ').replace('ǁ', '.')}"


def changed(diff: str) -> tuple[str, str]:
    """What a unified diff takes away, and what it puts in, each on one line."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    before, after = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ".join(before), " ".join(after)


def _mutmut(*arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def survivors() -> list[Mutant]:
    """Of the last run of mutmut."""
    found = []
    for line in _mutmut("results").splitlines():
        name, _, status = line.strip().rpartition(": ")
        if "__mutmut_" in name and status not in _KILLED:
            found.append(Mutant(function_of(name), *changed(_mutmut("show", name))))
    return found


def explained(text: str) -> dict[Mutant, str]:
    """Mutants with the reasons why no test notices them: a file like tests/mutants.toml."""
    return {
        Mutant(function, entry["line"], entry["mutant"]): entry["reason"]
        for function, entries in tomllib.loads(text).items()
        for entry in entries
    }


def complaints(survived: Iterable[Mutant], explanations: Iterable[Mutant]) -> list[str]:
    """What is wrong with the explanations: those that are missing, and those that explain nothing."""
    survived, explanations = set(survived), set(explanations)
    return [
        *(f"survived, and is not explained: {mutant}" for mutant in sorted(survived - explanations)),
        *(f"explained, and doesn't survive: {mutant}" for mutant in sorted(explanations - survived)),
    ]


def main() -> None:
    shutil.rmtree(_ROOT / "mutants", ignore_errors=True)
    _mutmut("run", *sys.argv[1:])
    found = complaints(survivors(), explained(_EXPLANATIONS.read_text()))
    print(*found or ["every mutant is killed or explained"], sep="\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
