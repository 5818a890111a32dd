"""Parameters: main.cf as Postfix reads it, and what this daemon makes of it."""

from __future__ import annotations

__all__: list[str] = []
