"""The results as a chart: cost per request over the number of cached pairs."""

from __future__ import annotations

import io
from pathlib import Path

from conformance.benchmark.measure.comparison import Comparison
from conformance.benchmark.report.goals import cpu_per_request
from scache.files import write_whole

__all__ = ["draw_chart"]

MICRO = 1e6


def draw_chart(comparison: Comparison, path: Path) -> None:
    """Write an SVG file: CPU per request of each daemon, with 16 clients or the number next to that."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    clients = min((cell.clients for cell in comparison.cells), key=lambda clients: abs(clients - 16))
    cells = [cell for cell in comparison.cells if cell.clients == clients]
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for name in comparison.names:
        cost = [cell.typical(name, cpu_per_request) * MICRO for cell in cells]
        axes.plot([cell.cached for cell in cells], cost, marker="o", label=name)
    axes.set_xscale("symlog", linthresh=1000)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("cached destination + endpoint pairs")
    axes.set_ylabel("daemon's CPU per request (microseconds)")
    axes.set_title(f"Cost of a request, {clients} clients")
    axes.set_xticks([cell.cached for cell in cells], [f"{cell.cached:,}" for cell in cells])
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    write_whole(path, drawn.getvalue())
