"""From events to messages, exchanges and deliveries."""

from __future__ import annotations

__all__: list[str] = []
