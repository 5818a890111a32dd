"""Configuration files that a test has just written, for Postfix's programs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["settle"]

_LONG_AGO = 1_000_000_000


def settle(file: Path) -> None:
    """Make the file look old: Postfix's programs wait until it is two seconds old (dict_load_file)."""
    os.utime(file, (_LONG_AGO, _LONG_AGO))
