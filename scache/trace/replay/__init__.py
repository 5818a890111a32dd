"""A trace sent to a daemon again."""

from __future__ import annotations

__all__: list[str] = []
