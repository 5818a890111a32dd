"""The wire protocol without I/O: pure."""

from __future__ import annotations

__all__: list[str] = []
