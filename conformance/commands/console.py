"""The terminal, as the bench's commands write to it."""

from __future__ import annotations

from rich.console import Console

__all__ = ["OutspokenConsole"]


class OutspokenConsole(Console):
    """A console that says so where its reader has left; Rich's own ends the process without a word."""

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError again."""
        raise
