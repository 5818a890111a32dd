"""A trace to look into: what happened to each session and why lookups missed, as one page."""

from __future__ import annotations

__all__: list[str] = []
