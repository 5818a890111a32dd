"""A run's result as one page of HTML that needs nothing else."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.report.dialogue import transcript_lines
from conformance.report.terminal import WORDS, count_line
from conformance.runner.suite import Summary

__all__ = ["page"]


def page(summary: Summary) -> str:
    """The page's text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    targets = list(dict.fromkeys(result.target for result in summary.results))
    return environment.get_template("page.html.j2").render(
        summary=summary,
        targets=targets,
        counts={target: count_line(summary, target) for target in targets},
        groups=[(group, list(rows)) for group, rows in groupby(summary.rows, lambda row: row.case.group)],
        words={verdict: word for verdict, (word, _) in WORDS.items()},
        transcript=lambda result: "\n".join(transcript_lines(result.transcript)),
    )
