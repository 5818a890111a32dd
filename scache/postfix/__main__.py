"""`python -m scache.postfix`, and the command scache-daemon: a daemon for Postfix's daemon_directory."""

from __future__ import annotations

import os
import sys

from scache.daemon.clock import SystemClock
from scache.postfix.daemon import run

__all__ = ["main"]


def main() -> int:
    """Run the daemon with this process's arguments and environment."""
    return run(sys.argv[1:], os.environ, SystemClock())


if __name__ == "__main__":
    sys.exit(main())
