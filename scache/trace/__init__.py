"""Recorded traffic of a connection cache: its format, recorder, replay and tools."""

from __future__ import annotations

__all__: list[str] = []
