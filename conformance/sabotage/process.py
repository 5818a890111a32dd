"""This project's daemon with a sabotage planted in it: `main` is such a process."""

from __future__ import annotations

from conformance.postfix import clocked_daemon
from conformance.sabotage.planting import planted, sabotages

__all__ = ["main"]


def main(name: str) -> int:
    """Be the daemon that the bench starts, with the sabotage of that name."""
    with planted(sabotages()[name]):
        return clocked_daemon.main()
