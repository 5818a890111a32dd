"""What an invariant says when it doesn't hold."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Violation", "tracebacks"]


class Violation(Exception):
    """An invariant doesn't hold. `rule` names the invariant in a word, `text` says what was seen."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule
        self.text = text


@contextmanager
def tracebacks() -> Iterator[None]:
    """Whatever the daemon raises is a violation."""
    try:
        yield
    except Violation:
        raise
    except Exception:
        raise Violation("traceback", traceback.format_exc()) from None
