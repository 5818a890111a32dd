"""Whether it is the compiled build that the tests are running on."""

from __future__ import annotations

import scache.daemon.server

__all__ = ["COMPILED"]

COMPILED = not scache.daemon.server.__file__.endswith(".py")
