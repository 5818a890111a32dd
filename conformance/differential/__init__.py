"""The same random steps on two targets, compared after each step."""

from __future__ import annotations

__all__: list[str] = []
