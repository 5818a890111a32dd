"""Lines for the operator that are not the result."""

from __future__ import annotations

import sys

__all__ = ["say"]


def say(line: str) -> None:
    """One line on stderr, at once."""
    print(f"scache: {line}", file=sys.stderr, flush=True)
