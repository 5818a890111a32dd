"""Charts as SVG files, by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scache.errors import UnavailableError
from scache.files import write_whole

__all__ = ["HIT", "INK", "MISS", "THIRD", "chart"]

#: Colours that stay apart for the colour-blind, too.
HIT, MISS, THIRD, INK = "#0072b2", "#d55e00", "#009e73", "#333333"

_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "scache",  # the same data give the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


@contextmanager
def chart(path: Path, title: str, rows: int, height: float) -> Iterator[Any]:
    """Gives the axes, from top to bottom, and writes the file at the end. height: of a row, in inches.

    Raises UnavailableError without matplotlib, UsageError where the file exists, OSError.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise UnavailableError(f"{path}: charts need the Python library matplotlib") from None
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, height * rows + 0.5), layout="constrained")
        figure.suptitle(title, fontsize=11)
        yield figure.subplots(rows, 1, squeeze=False)[:, 0]
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        write_whole(path, drawn.getvalue())
