"""Pseudonyms for the names in a trace."""

from __future__ import annotations

__all__: list[str] = []
