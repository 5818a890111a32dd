"""The requirements that the catalogue checks: requirements.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Requirement", "requirements"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A sentence of the specification, where it stands, and why no case checks it (empty where one does)."""

    id: str
    place: str
    text: str
    reason: str = ""


@cache
def requirements() -> tuple[Requirement, ...]:
    """All of them, in the order of the specification."""
    listed = tomllib.loads((Path(__file__).parent / "requirements.toml").read_text())["requirement"]
    return tuple(Requirement(**entry) for entry in listed)
