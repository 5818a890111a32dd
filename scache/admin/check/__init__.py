"""`scache check`: what is wrong with an instance's configuration, as far as its connection cache goes.

A configuration is read once (reading, sources); each family of findings is a function of what was read.
"""

from __future__ import annotations

__all__: list[str] = []
