"""Reads the sabotages and carries one out: a line of the daemon's source becomes another, in this process.

A sabotage names a function, what stands there and what stands there instead. One whose line is gone fails, so
none goes stale.
"""

from __future__ import annotations

import inspect
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any

__all__ = ["CONTROL", "Patch", "Sabotage", "begin_daemon", "planted", "read", "sabotages"]

FILE = Path(__file__).parent / "sabotages.txt"

#: The kind of those that change no rule.
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Patch:
    """In the function at `where` (`cache.service:Service.find_endp`), `good` becomes `bad`."""

    where: str
    good: str
    bad: str


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A wrong daemon: what it does otherwise, of what kind that is, and the lines that make it."""

    name: str
    kind: str
    patches: tuple[Patch, ...]


#: What sabotages count and remember, of one daemon. They see both, under these names.
_SCOPE: dict[str, Any] = {"memory": {}}
_TALLIES: Counter[object] = Counter()


def _tally(key: object) -> int:
    """How often this was counted, this time included."""
    _TALLIES[key] += 1
    return _TALLIES[key]


_SCOPE["tally"] = _tally


def begin_daemon() -> None:
    """Forget what was counted and remembered: another daemon is about to start."""
    _TALLIES.clear()
    _SCOPE["memory"].clear()


@cache
def sabotages() -> dict[str, Sabotage]:
    """All of them by name, in the file's order."""
    return {each.name: each for each in read(FILE.read_text())}


def read(text: str) -> list[Sabotage]:
    """The sabotages that a text holds, whose first lines say how. Raises ValueError for one that can't be."""
    kind = ""
    found: list[tuple[str, str, list[list[str]]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        mark, rest = line[:2], line[2:]
        if mark == "= ":
            kind = rest
        elif mark == "* ":
            found.append((rest, kind, []))
        elif mark == "@ ":
            found[-1][2].append([rest, "", ""])
        elif mark in ("- ", "+ ", "-", "+"):
            patch = found[-1][2][-1]
            place = 1 if mark[0] == "-" else 2
            patch[place] += f"\n{rest}" if patch[place] else rest
        elif line and not line.startswith("#"):
            raise ValueError(f"line {number}: {line}")
    return [Sabotage(name, kind, tuple(Patch(*patch) for patch in patches)) for name, kind, patches in found]


@contextmanager
def planted(sabotage: Sabotage) -> Iterator[None]:
    """Carry it out, and undo it. Raises ValueError where the daemon's source no longer has the line."""
    before = []
    try:
        for where in dict.fromkeys(patch.where for patch in sabotage.patches):
            function = _function(where)
            before.append((function, function.__code__))
            function.__globals__.update(_SCOPE)
            # In place: whoever has bound the function already gets the wrong one, too.
            function.__code__ = _wrong(function, where, sabotage).__code__
        yield
    finally:
        for function, code in before:
            function.__code__ = code


def _function(where: str) -> FunctionType:
    module, _, path = where.partition(":")
    found: Any = import_module(f"scache.{module}")
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    found = found.fget if isinstance(found, property) else found
    assert isinstance(found, FunctionType), where
    return found


def _wrong(function: FunctionType, where: str, sabotage: Sabotage) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    for patch in sabotage.patches:
        if patch.where == where:
            good, bad = (_indented(text, source, patch) for text in (patch.good, patch.bad))
            if good not in source:
                raise ValueError(f"{sabotage.name}: {where} no longer has: {patch.good}")
            source = source.replace(good, bad, 1)
    scope: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + source, function.__globals__, scope)
    wrong = scope[function.__name__]
    wrong = wrong.fget if isinstance(wrong, property) else wrong
    assert isinstance(wrong, FunctionType)
    return wrong


def _indented(text: str, source: str, patch: Patch) -> str:
    """The text, its second and further lines as far in as the source's line where it stands."""
    first = patch.good.partition("\n")[0]
    line = next((line for line in source.splitlines() if first in line), "")
    indent = line[: len(line) - len(line.lstrip())]
    return text.replace("\n", f"\n{indent}")
