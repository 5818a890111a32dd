"""docs/conformance.md, made from the catalogue: requirements and their cases, cases and their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.catalogue.cases import CATALOGUE, SANITY
from conformance.catalogue.language.model import Case
from conformance.catalogue.recorded.exchanges import golden_cases
from conformance.catalogue.requirements import requirements

__all__ = ["DOCUMENT", "document"]

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "conformance.md"


def document(wrong: Sequence[Sequence[str]], kinds: Sequence[Sequence[str]]) -> str:
    """The text that DOCUMENT must have. wrong, kinds: rows of the wrong daemons, and of their kinds."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    checked = (SANITY, *CATALOGUE)
    return environment.get_template("conformance.md.j2").render(
        requirements=requirements(),
        cases_of=lambda requirement: _short([each for each in checked if requirement in each.requirements]),
        groups=[(group, list(cases)) for group, cases in groupby(checked, lambda each: each.group)],
        count=len(checked),
        wrong=wrong,
        kinds=kinds,
        golden=len(golden_cases()),
    )


def _cell(text: str) -> str:
    """Text for a cell of a table: bars, and letters that don't print, written out."""
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return shown.replace("|", "\\|")


def _short(cases: list[Case]) -> str:
    """`announce/list/1, 2, 4`: ids of one section share their beginning."""
    sections = groupby((each.id.rpartition("/") for each in cases), lambda parts: parts[0])
    return "; ".join(
        f"{section}/{', '.join(number for _, _, number in parts)}" for section, parts in sections
    )
