"""What an invariant says when it doesn't hold."""

from __future__ import annotations

__all__ = ["Violation"]


class Violation(Exception):
    """An invariant doesn't hold. `rule` names the invariant in a word, `text` says what was seen."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule
        self.text = text
