"""What is known of the sabotages: what caught each, and which of them turns each case red (results.toml)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from conformance.sabotage.catching import Catch

__all__ = ["FILE", "Results", "Shown"]

FILE = Path(__file__).parent / "results.toml"


@dataclass(frozen=True, slots=True)
class Shown:
    """What caught one sabotage. red: the ids of all cases that it turns red, and `of` so many."""

    red: tuple[str, ...] = ()
    of: int = 0
    difference: Catch | None = None
    simulation: Catch | None = None

    @property
    def caught(self) -> bool:
        """Whether anything has noticed it."""
        return bool(self.red or self.difference or self.simulation)


@dataclass(slots=True)
class Results:
    """By the sabotage's name, what caught it."""

    shown: dict[str, Shown] = field(default_factory=dict)

    @classmethod
    def load(cls, file: Path = FILE) -> Results:
        """What the file holds; nothing where it doesn't exist."""
        if not file.exists():
            return cls()
        return cls({name: _shown(entry) for name, entry in tomllib.loads(file.read_text()).items()})

    def save(self, file: Path = FILE) -> None:
        """Write the file anew."""
        file.write_text("\n".join(_entry(name, shown) for name, shown in self.shown.items()))

    def note(self, name: str, **what: object) -> None:
        """Set what is known of one sabotage."""
        self.shown[name] = replace(self.shown.get(name, Shown()), **what)  # type: ignore[arg-type]

    def knows(self, means: str, name: str) -> bool:
        """Whether it is stored what `catalogue`, `diff` or `simulation` made of the sabotage of that name."""
        shown = self.shown.get(name, Shown())
        return {
            "catalogue": shown.of > 0,
            "diff": shown.difference is not None,
            "simulation": shown.simulation is not None,
        }[means]

    def witnesses(self) -> dict[str, str]:
        """By a case's id, of the sabotages that turn it red the one that turns the fewest others red."""
        found: dict[str, str] = {}
        for name, shown in sorted(self.shown.items(), key=lambda item: len(item[1].red)):
            for case in shown.red:
                found.setdefault(case, name)
        return found

    def without_witness(self, cases: Iterable[str]) -> list[str]:
        """The cases that no sabotage turns red, as far as is known."""
        known = self.witnesses()
        return [case for case in cases if case not in known]


def _shown(entry: Mapping[str, object]) -> Shown:
    catches = {
        name: Catch(*entry[name])  # type: ignore[misc]
        for name in ("difference", "simulation")
        if entry.get(name)
    }
    red, of = entry["red"], entry["of"]
    assert isinstance(red, list)
    assert isinstance(of, int)
    return Shown(tuple(red), of, **catches)


def _entry(name: str, shown: Shown) -> str:
    """One table; a JSON string or list of them is one of TOML's, too."""
    lines = [f"[{json.dumps(name)}]", f"of = {shown.of}"]
    for key, catch in (("difference", shown.difference), ("simulation", shown.simulation)):
        if catch is not None:
            lines.append(f"{key} = {json.dumps([catch.count, catch.seconds, catch.what])}")
    lines.append("red = [" + "".join(f"\n    {json.dumps(case)}," for case in shown.red) + "\n]\n")
    return "\n".join(lines)
