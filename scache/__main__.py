"""`python -m scache`: the scache command."""

from __future__ import annotations

import sys

from scache.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
