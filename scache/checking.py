"""typing.TYPE_CHECKING without the cost of importing typing, which the daemon's start would pay for."""

from __future__ import annotations

__all__ = ["TYPE_CHECKING"]

#: False when the program runs; type checkers take a name like this to be true.
TYPE_CHECKING = False
