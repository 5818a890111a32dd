"""The event loop and what it touches of the world."""

from __future__ import annotations

__all__: list[str] = []
