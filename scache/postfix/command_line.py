"""The command line of a Postfix daemon, as master(8) gives it (multi_server.c; options end at an operand).

scache [-cdDluSvVz] [-i max_idle] [-m max_use] [-n name] [-o name=value] [-s sockets] [-t transport]
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.config.main_cf import split_setting
from scache.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PROGRAM", "CommandLine"]

#: The name in log lines and messages, whatever the file is called: log watchers know it by that.
PROGRAM = "scache"

_FLAGS = "cdDlSuvVz"
_WITH_VALUE = "imnost"
_SPACE = " \t\n\v\f\r"


class CommandLine:
    """What the options say. arguments: without the program's own name.

    settings: name and value of -o, -i and -m, in their order. operands: what stands behind the options;
    Postfix complains of it when the first request is served. ConfigurationError for what Postfix calls fatal.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.service_name = PROGRAM
        self.transport: str | None = None
        self.sockets = 1
        self.verbose = False
        self.settings: list[tuple[str, str]] = []
        self.change_root = self.change_user = False
        self.solitary = self.on_standard_streams = self.by_hand = self.to_standard_error = False
        self.operands = self._parse(arguments)

    def _parse(self, arguments: Sequence[str]) -> Sequence[str]:
        """Take the options; returns the operands."""
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                break
            if len(word) < 2 or word[0] != "-":
                rest.insert(0, word)
                break
            letters = word[1:]
            while letters:
                letter, letters = letters[0], letters[1:]
                if letter in _FLAGS:
                    self._flag(letter)
                elif letter in _WITH_VALUE and (letters or rest):
                    self._value(letter, letters or rest.pop(0))
                    letters = ""
                else:
                    raise ConfigurationError(f"invalid option: {letter}")
        return rest

    def _flag(self, letter: str) -> None:
        if letter == "c":
            self.change_root = True
        elif letter == "d":
            self.by_hand = True
        elif letter == "l":
            self.solitary = True
        elif letter == "S":
            self.on_standard_streams = True
        elif letter == "u":
            self.change_user = True
        elif letter == "v":
            self.verbose = True
        elif letter == "V":
            self.to_standard_error = True

    def _value(self, letter: str, value: str) -> None:
        if letter == "i":
            self.settings.append(("max_idle", value))
        elif letter == "m":
            self.settings.append(("max_use", value))
        elif letter == "n":
            self.service_name = value
        elif letter == "o":
            try:
                self.settings.append(split_setting(value))
            except ConfigurationError as error:
                raise ConfigurationError(f'invalid "-o {value}" option value: {error}') from error
        elif letter == "s":
            self.sockets = _atoi(value)
            if self.sockets <= 0:
                raise ConfigurationError(f"invalid socket_count: {value}")
        elif letter == "t":
            self.transport = value

    def check(self) -> None:
        """ConfigurationError where master.cf allows several processes, or no transport that Postfix knows."""
        if self.on_standard_streams:
            return
        if not self.solitary:
            raise ConfigurationError(f"service {self.service_name} requires a process limit of 1")
        if self.transport is None:
            raise ConfigurationError("no transport type specified")
        if self.transport.lower() not in ("unix", "inet"):
            raise ConfigurationError(f"unsupported transport type: {self.transport}")


def _atoi(text: str) -> int:
    """atoi(3): the number that the text begins with, else 0."""
    text = text.lstrip(_SPACE)
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    end = 0
    while end < len(digits) and digits[end] in "0123456789":
        end += 1
    return int(sign + digits[:end]) if end else 0
