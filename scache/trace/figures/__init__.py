"""What a trace comes to, and what it would come to with other settings."""

from __future__ import annotations

__all__: list[str] = []
