"""Read a daemon's status channel, as master(8) would, at next to no cost. Run as a program, the channel on stdin.

The real daemon writes two messages a request and hangs when nobody reads them. A reader that is woken by each message
would compete with what is measured, so this one sleeps and then takes all there is.
"""

from __future__ import annotations

import socket
import time

__all__ = ["main"]

PAUSE = 0.002
"""Seconds between two reads: some hundred messages, of which the channel holds many more."""


def main() -> None:
    """Read until the daemon has closed its end."""
    with socket.socket(fileno=0) as channel:
        while channel.recv(1 << 20):
            time.sleep(PAUSE)


if __name__ == "__main__":
    main()
