"""Wrong daemons: this project's own, one rule of each broken, to show that the bench notices."""

from __future__ import annotations

__all__: list[str] = []
