"""The world in which the unchanged server runs: one seed decides everything, invariants hold after every
turn.
"""

from __future__ import annotations

__all__: list[str] = []
