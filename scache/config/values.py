"""Parameter values of main.cf by type, refused with Postfix's words (mail_conf_*.c, conv_time.c)."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scache.config.main_cf import MainCf

__all__ = ["Values", "seconds"]

_INT_MAX = 2**31 - 1
_MOST_DIGITS = len(str(_INT_MAX))
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPACE = " \t\n\v\f\r"
_DIGITS = frozenset("0123456789")


class Values:
    """Looks values up in a main.cf. Every method raises ConfigurationError with Postfix's text.

    default: what counts as set where main.cf doesn't set the parameter; it is expanded, too.
    """

    def __init__(self, main_cf: MainCf) -> None:
        self._main_cf = main_cf

    def text(self, name: str, default: str, minimum: int = 1) -> str:
        """A text of at least so many characters."""
        text = self._main_cf.value(name, default)
        if len(text) < minimum:
            raise ConfigurationError(f"bad string length {len(text)} < {minimum}: {name} = {text}")
        return text

    def time(self, name: str, default: str, minimum: int = 1) -> int:
        """A time in seconds."""
        text = self._main_cf.value(name, default)
        value = seconds(text)
        if value is None:
            raise ConfigurationError(f"parameter {name}: bad time value or unit: {text}")
        if value < minimum:
            raise ConfigurationError(f"invalid {name}: {value} (min {minimum})")
        return value

    def number(self, name: str, default: str, minimum: int) -> int:
        """An integer."""
        text = self._main_cf.value(name, default)
        number = _leading_number(text)
        if number is None or number[1]:
            raise ConfigurationError(f"bad numerical configuration: {name} = {text}")
        if number[0] < minimum:
            raise ConfigurationError(f"invalid {name} parameter value {number[0]} < {minimum}")
        return number[0]

    def word(self, name: str, default: str, words: Sequence[str]) -> str:
        """One of these words, in any case of letters."""
        text = self._main_cf.value(name, default)
        if text.lower() not in words:
            raise ConfigurationError(f"bad value: {name} = {text}: not one of {', '.join(words)}")
        return text.lower()

    def choice(self, name: str, default: str) -> bool:
        """`yes` or `no`, in any case of letters."""
        text = self._main_cf.value(name, default)
        if text.lower() not in ("yes", "no"):
            raise ConfigurationError(f"bad boolean configuration: {name} = {text}")
        return text.lower() == "yes"


def seconds(text: str) -> int | None:
    """A time value in seconds, None where it is malformed (conv_time.c: anything may follow the unit)."""
    number = _leading_number(text)
    if number is None or number[0] < 0:
        return None
    value, rest = number
    unit = _UNITS.get(rest[:1] or "s")
    if unit is None or (unit > 1 and value >= _INT_MAX // unit):
        return None
    return value * unit


def _leading_number(text: str) -> tuple[int, str] | None:
    """The int that the text begins with, as strtol(3) reads it, and what follows; None beyond an int's range.

    0 where the text begins with no number; None for an empty text.
    """
    if not text:
        return None
    start = text.lstrip(_SPACE)
    end = 1 if start[:1] in ("+", "-") else 0
    first = end
    while end < len(start) and start[end] in _DIGITS:
        end += 1
    if end == first:
        return 0, text
    digits = start[first:end].lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:  # int() itself refuses some thousand
        return None
    value = -int(digits) if start[0] == "-" else int(digits)
    return (value, start[end:]) if -_INT_MAX - 1 <= value <= _INT_MAX else None
