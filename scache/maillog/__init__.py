"""What a mail log says about connection caching, whoever wrote it: Postfix's scache(8) or this project's."""

from __future__ import annotations

__all__: list[str] = []
