"""The corpus: recorded traffic of real Postfix clients, its figures, and the golden exchanges."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FOLDER"]

#: Where the files are.
FOLDER = Path(__file__).parent
