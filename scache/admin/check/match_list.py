"""A match list as Postfix's matcher reads it (match_list.c, match_ops.c), for lists of plain strings.

The first element that matches decides. `!` in front turns its answer round; `/file` stands for the elements
in the file; `type:table` is looked up. After a table that can't be used, nothing further is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scache.admin.configuration import Place
from scache.admin.reading import words
from scache.config.main_cf import logical_lines

__all__ = ["EVERYTHING", "Element", "ReadFile", "elements"]

_SEPARATORS = ", \t\r\n"
_DEEPEST = 8

EVERYTHING = "static:"

ReadFile = Callable[[str], str | None]
"""The content of a file, None where it can't be read."""


@dataclass(frozen=True)
class Element:
    """One element."""

    text: str
    """As it stands in the list or the included file, with its `!`."""
    negated: bool
    body: str
    """Without `!`."""
    file: Place | None
    """Where it stands in an included file."""
    missing: bool = False
    """A `/file` that can't be read."""

    @property
    def is_table(self) -> bool:
        """Whether Postfix takes it for `type:table`."""
        return not self.body.startswith(("[", "/")) and ":" in self.body

    @property
    def table_type(self) -> str:
        """The type of the table, with those of proxy: and pipemap: left as they are."""
        return self.body.partition(":")[0]

    def matches(self, text: str) -> bool | None:
        """Whether it matches, by letters alone (in any case); None for a table, which has to be asked."""
        if self.is_table:
            return True if self.table_type == "static" else None
        return not self.missing and self.body.casefold() == text.casefold()

    @property
    def extent(self) -> str:
        """The same text for all elements that match the same; EVERYTHING for one that matches any."""
        if self.is_table:
            return EVERYTHING if self.table_type == "static" else self.body
        return self.body if self.missing else self.body.casefold()


def elements(text: str, read_file: ReadFile) -> list[Element]:
    """The elements of a list's expanded value, with those of included files in their place."""
    return list(_parsed(text, read_file, negated=False, file=None, depth=0))


def _parsed(
    text: str, read_file: ReadFile, *, negated: bool, file: Place | None, depth: int
) -> Iterator[Element]:
    for word in words(text, _SEPARATORS):
        body = word.lstrip("!")
        turned = negated != bool((len(word) - len(body)) % 2)
        if not body.startswith("/"):
            yield Element(word, turned, body, file)
            continue
        content = read_file(body) if depth < _DEEPEST else None
        if content is None:
            yield Element(word, turned, body, file, missing=True)
            continue
        for number, line in logical_lines(content, lambda _stray: None):
            place = Place(body, number)
            yield from _parsed(line, read_file, negated=turned, file=place, depth=depth + 1)
