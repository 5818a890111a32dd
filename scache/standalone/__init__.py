"""Being a daemon of its own, without master(8)."""

from __future__ import annotations

__all__: list[str] = []
