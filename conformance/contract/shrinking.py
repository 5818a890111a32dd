"""From a list of steps that fails to a short one that fails in the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

__all__ = ["shrink"]


Step = TypeVar("Step")


def shrink(steps: list[Step], fails: Callable[[list[Step]], bool], attempts: int) -> list[Step]:
    """Leave out ever smaller parts as long as `fails` says that the rest still fails (delta debugging).

    attempts: how often `fails` may be asked at most. The result is as short as that allows.
    """
    size = len(steps) // 2
    while size > 0 and attempts > 0:
        start = len(steps)
        while start > 0 and attempts > 0:
            start = max(0, start - size)
            shorter = steps[:start] + steps[start + size :]
            attempts -= 1
            if fails(shorter):
                steps = shorter
        size = min(size, len(steps)) // 2
    return steps
