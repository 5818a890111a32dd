"""Trace files: their lines, events and versions, read and written."""

from __future__ import annotations

__all__: list[str] = []
