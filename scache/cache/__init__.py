"""The cache and the requests that are carried out on it: pure."""

from __future__ import annotations

__all__: list[str] = []
