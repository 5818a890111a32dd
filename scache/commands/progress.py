"""A progress bar while a large trace is read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from scache.trace.format.events import Event
from scache.trace.format.reader import TraceReader

__all__ = ["with_progress"]

#: Bytes on disk from which on it is worth a bar.
LARGE = 4 << 20

#: Events between two moves of the bar.
STEP = 10_000


def with_progress(trace: TraceReader) -> Iterator[Event]:
    """The trace's events. Shows a bar on a terminal, where tqdm is installed and the file is large."""
    if trace.size() < LARGE or not sys.stderr.isatty():
        return iter(trace)
    try:
        from tqdm import tqdm
    except ImportError:
        return iter(trace)
    bar = tqdm(total=trace.size(), unit="B", unit_scale=True, desc=trace.path.name, leave=False)
    return _moving(trace, bar)


def _moving(trace: TraceReader, bar: Any) -> Iterator[Event]:
    with bar:
        for number, event in enumerate(trace):
            if number % STEP == 0:
                bar.update(trace.position() - bar.n)
            yield event
