"""Findings about lines that Postfix can't read at all, and values that it can't expand."""

from __future__ import annotations

from collections.abc import Iterator

from scache.admin.check.finding import Finding, Kind, Severity
from scache.admin.configuration import Configuration

__all__ = ["KINDS", "find"]

_LINE = Kind(
    "unreadable-line",
    Severity.STOPS_MAIL,
    "A line of main.cf or master.cf can't be read.",
    "Every Postfix program ends with `fatal:` at a line of main.cf without `=`, and master(8) at an entry "
    "of master.cf with fewer than eight "
    "fields or a bad one. A line that begins with white space goes on with the one before it.",
    "Mend the line.",
)
KINDS = (_LINE,)


def find(configuration: Configuration) -> Iterator[Finding]:
    """The findings."""
    for fault in configuration.unreadable:
        cure = f"# mend line {fault.place.line} of {fault.place.file}"
        yield _LINE.found(fault.line[:60], "", fault.said, fault.place, [cure])
