"""Installing the daemon into a Postfix instance, and looking after it there."""

from __future__ import annotations

__all__: list[str] = []
