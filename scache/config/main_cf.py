"""main.cf as Postfix reads it: logical lines, later settings win, $name expanded when a value is looked up.

Sources: readlline.c, split_nameval.c, dict.c, mail_conf.c, and what `postconf` says to the same files. Text
is decoded as UTF-8 with surrogate escapes, so every byte survives.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.config.expansion import cut, expand
from scache.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["DEFAULT_DIRECTORY", "MainCf", "logical_lines", "split_setting"]

DEFAULT_DIRECTORY = "/etc/postfix"
_SPACE = " \t\n\v\f\r"


class MainCf:
    """The settings of one main.cf, with those that the command line adds.

    warn takes the warnings that Postfix gives while it reads or expands, without `warning: `.
    """

    def __init__(self, directory: str, warn: Callable[[str], None]) -> None:
        self.directory = directory
        self.path = f"{directory}/main.cf"
        self._warn = warn
        self._values: dict[str, str] = {"config_directory": directory}

    def read(self) -> None:
        """Read the file, once. ConfigurationError with Postfix's text where it can't be used."""
        try:
            with open(self.path, "rb") as file:
                content = file.read()
        except OSError as error:
            raise ConfigurationError(f"open {self.path}: {error.strerror}") from error
        for number, line in logical_lines(content.decode("utf-8", "surrogateescape"), self._stray):
            try:
                name, value = split_setting(line)
            except ConfigurationError as error:
                raise ConfigurationError(f'{self.path}, line {number}: {error}: "{line}"') from error
            old = self._values.get(name)
            if old is not None and old != value:
                self._warn(f"{self.path}, line {number}: overriding earlier entry: {name}={old}")
            self._values[name] = value

    def _stray(self, text: str) -> None:
        shown = cut(text, 30)
        shown += "..." if shown != text else ""
        self._warn(f'{self.path}: logical line must not start with whitespace: "{shown}"')

    def set(self, name: str, value: str) -> None:
        """Set a parameter, as `-o name=value` does."""
        self._values[name] = value

    def raw(self, name: str) -> str | None:
        """The value as it stands in the file, None where it isn't set."""
        return self._values.get(name)

    def value(self, name: str, default: str) -> str:
        """The expanded value. A default counts as set from then on, so later values can refer to it.

        ConfigurationError where the expansion has a syntax error.
        """
        text = expand(self._values.setdefault(name, default), self._values.get, self._warn)
        if text is None:
            raise ConfigurationError("dictionary mail_dict: macro processing error")
        return text


def split_setting(text: str) -> tuple[str, str]:
    """Name and value of `name = value` (split_nameval); ConfigurationError says what is missing."""
    text = text.partition("\0")[0].lstrip(_SPACE)
    end = 0
    while end < len(text) and text[end] not in _SPACE and text[end] != "=":
        end += 1
    if end == 0:
        raise ConfigurationError("missing attribute name")
    rest = text[end:].lstrip(_SPACE)
    if not rest.startswith("="):
        raise ConfigurationError("missing '=' after attribute name")
    return text[:end], rest[1:].strip(_SPACE)


def logical_lines(content: str, stray: Callable[[str], None]) -> Iterator[tuple[int, str]]:
    """Number of the first line, and text, of each logical line (readlline).

    Comments and empty lines are left out, also between a line and its continuation. `stray` is told of a
    continuation line that continues nothing.
    """
    lines = content.split("\n")
    if lines[-1] == "":
        lines.pop()
    text, first = "", 0
    for number, line in enumerate(lines, 1):
        stripped = line.lstrip(_SPACE)
        if stripped and not stripped.startswith("#"):
            if not text:
                first = number
            text += line
        following = lines[number][:1] if number < len(lines) else ""
        if number < len(lines) and (not lines[number] or following in _SPACE or following == "#"):
            continue
        if text[:1] and text[0] in _SPACE:
            stray(text)
        elif text:
            yield first, text
        text = ""
