"""Numbers on a command line: types for argparse, each with its range."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

__all__ = ["count", "duration", "moment", "number_from", "numbers", "positive", "seed"]


def number_from(least: int) -> Callable[[str], int]:
    """A whole number, this or more."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} on")
        return int(text)

    return number


#: How many of something, or none.
count = number_from(0)

#: At least one of something, or whole seconds that a limit may have.
positive = number_from(1)

#: What random numbers are drawn from: a number and its negative would give the same.
seed = number_from(0)


def numbers(text: str) -> list[int]:
    """A list of positive numbers with commas between them."""
    try:
        return [positive(word) for word in text.split(",")]
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of whole numbers from 1 on, like 1,2,5"
        ) from None


def duration(text: str) -> float:
    """A number above 0 that is finite: minutes, seconds, a factor."""
    number = _finite(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return number


def moment(text: str) -> float:
    """Seconds since a start: 0 or more, and finite."""
    number = _finite(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is below 0")
    return number


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
