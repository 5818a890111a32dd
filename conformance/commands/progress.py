"""How far a run is, on a terminal, where it takes longer than one likes to wait without a word."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.progress import TimeRemainingColumn as Remaining
from rich.text import Text

__all__ = ["with_progress"]

T = TypeVar("T")

#: Seconds that a run may take before it shows how far it is.
PATIENCE = 2.0


class _Rate(ProgressColumn):
    """How many a second, of late."""

    def render(self, task: Task) -> Text:
        """`12.3/s`."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s", "progress.data.speed")


def with_progress(things: Iterable[T], total: int, console: Console) -> Iterator[T]:
    """The things as they come; below them how many there were, how many a second, and how long it will take.

    Nothing where the console is no terminal, or all is over soon.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), Remaining())
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = progress.add_task("", total=total)
    begun = time.monotonic()
    try:
        for thing in things:
            yield thing
            progress.update(task, advance=1)
            if time.monotonic() - begun > PATIENCE:
                progress.start()
    finally:
        progress.stop()
