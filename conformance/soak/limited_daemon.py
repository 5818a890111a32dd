"""This project's daemon in a process that may open no more files than its environment says."""

from __future__ import annotations

import os
import resource

from scache.postfix.__main__ import main as daemon

__all__ = ["LIMIT", "main"]

#: The variable that holds the number.
LIMIT = "SOAK_OPEN_FILES"


def main() -> int:
    """Run the daemon with this process's arguments and environment."""
    limit = int(os.environ[LIMIT])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return daemon()
