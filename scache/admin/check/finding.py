"""What `scache check` says: the kinds of mistake there are, and one that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scache.admin.configuration import Place

__all__ = ["Finding", "Kind", "Severity"]

_LONGEST = 400  # characters of a value that are shown


class Severity(StrEnum):
    """What a mistake does, the worst first."""

    STOPS_MAIL = "stops mail"
    CACHE_OFF = "cache off"
    LESS_REUSE = "less reuse"
    NO_LOG = "no log"
    INSTALLATION = "installation"
    NOTE = "note"


@dataclass(frozen=True)
class Kind:
    """An entry of the catalogue."""

    id: str
    severity: Severity
    title: str
    """The mistake in one sentence."""
    why: str
    """What Postfix makes of it, and how that shows. One paragraph of Markdown."""
    cure: str
    """What to do about it, in general."""

    def found(
        self, subject: str, value: str, said: str, place: Place | None = None, cure: Sequence[str] = ()
    ) -> Finding:
        """A finding of this kind; see Finding for the arguments."""
        return Finding(self, subject, value, said, place, tuple(cure))


@dataclass(frozen=True)
class Finding:
    """A mistake, and where it stands."""

    kind: Kind
    subject: str
    """The parameter, or `name/type` of the service."""
    value: str
    """Its value as Postfix sees it; empty where it has none."""
    said: str
    """What is wrong with it, as a clause."""
    place: Place | None
    """None where nothing in a file says it: a default, or something that is missing."""
    cure: tuple[str, ...]
    """Shell commands that are the whole cure; a line that begins with # is for a person to do."""

    def line(self) -> str:
        """All but the cure, in one line."""
        where = f"{self.place}: " if self.place else ""
        value = f" = {_cut(self.value)}" if self.value else ""
        return f"{where}{self.subject}{value}: {_cut(self.said)} [{self.kind.severity}; {self.kind.id}]"

    def as_json(self) -> dict[str, object]:
        """What `--json` gives."""
        return {
            "id": self.kind.id,
            "severity": str(self.kind.severity),
            "subject": self.subject,
            "value": self.value,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "said": self.said,
            "why": self.kind.why,
            "cure": list(self.cure),
        }


def _cut(text: str) -> str:
    """A text that isn't endless."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
