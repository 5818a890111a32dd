"""Robustness: where Postfix's daemon fails, and no daemon should."""

from __future__ import annotations

__all__ = ["CASES"]

CASES = ()
