"""docs/check.md, as far as it is made from the catalogue."""

from __future__ import annotations

from scache.admin.check.catalogue import FAMILIES
from scache.admin.check.finding import Kind

__all__ = ["catalogue", "section"]


def section(kind: Kind) -> str:
    """What there is to say of a kind of finding, in Markdown."""
    return f"### {kind.id}\n\n*{kind.severity}.* {kind.title}\n\n{kind.why}\n\nCure: {_lower(kind.cure)}"


def catalogue() -> str:
    """All kinds, family by family."""
    parts = []
    for heading, kinds in FAMILIES.items():
        parts.append(f"## {heading}")
        parts += [section(kind) for kind in kinds]
    return "\n\n".join(parts) + "\n"


def _lower(text: str) -> str:
    return text if text[:2].isupper() or text.startswith("`") else text[0].lower() + text[1:]
