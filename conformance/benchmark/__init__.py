"""Ours and the real scache side by side: requests a second, cost per request, latency, memory, start-up."""

from __future__ import annotations

__all__: list[str] = []
