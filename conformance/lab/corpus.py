"""The corpus in conformance/traces: what is recorded for it, and the figures that belong to each trace."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from conformance.lab.outcome import Outcome
from conformance.lab.scenarios import Scenario
from scache.errors import UnavailableError

__all__ = ["CORPUS", "LONG", "keep", "trace_path", "unfit", "write_readme"]

EXPECTED = "expected.json"
FIGURES = (
    "domain hits",
    "domain miss",
    "address hits",
    "address miss",
    "domains",
    "addresses",
    "connection",
)

CORPUS = (
    "mixed",
    "burst",
    "steady",
    "many-destinations",
    "two-next-hops",
    "closing-sinks",
    "slow-sinks",
    "sasl",
    "lmtp",
    "tls",
    "reload",
    "idle-then-busy",
    "old-client",
)
"""The scenarios that are recorded, in the order of the table."""

LONG = frozenset({"burst", "steady", "idle-then-busy"})
"""Those of them that are recorded in their long form."""

HEAD = """\
# Recorded traffic of real Postfix clients

Each file is what the smtp(8) or lmtp(8) processes of a private Postfix and its own scache(8) said to each
other, recorded by `scache record` between them; the first line of a file says by what release.
`docs/trace-format.md` describes the format, `docs/lab.md` the scenarios. This command records them anew and
writes this page and `expected.json`: `python -m conformance lab record [SCENARIO...]`.

The figures are those that the real scache(8) logged in the very run: a replay must come to the same.

| trace | scenario | mails | find_dest: hits, misses | find_endp: hits, misses | \
most destinations, endpoints, sessions |
| --- | --- | --- | --- | --- | --- |
"""


def trace_path(directory: Path, scenario: Scenario) -> Path:
    """Where the trace of a scenario lies."""
    return directory / f"{scenario.name}.jsonl.gz"


def unfit(outcome: Outcome) -> str | None:
    """Why a recording is not fit to be kept; None for a good one."""
    if outcome.delivered != outcome.injected:
        return f"{outcome.delivered} of {outcome.injected} mails delivered"
    warnings = [kind for kind in outcome.warnings() if kind.startswith("scache: ")]
    return f"the cache warned: {warnings[0]}" if warnings else None


def keep(directory: Path, scenario: Scenario, outcome: Outcome) -> None:
    """Write down the figures that belong to the trace just recorded, beside those of the others."""
    file = directory / EXPECTED
    expected = json.loads(file.read_text()) if file.exists() else {}
    expected[trace_path(directory, scenario).name] = {
        "scenario": scenario.about,
        "mails": outcome.injected,
        **{name: (outcome.tally.lookups | outcome.tally.maxima)[name] for name in FIGURES},
    }
    ordered = {name: expected[name] for name in sorted(expected)}
    file.write_text(json.dumps(ordered, indent=1) + "\n")


def write_readme(directory: Path) -> None:
    """Write the table of all traces from their figures.

    Raises UnavailableError where a trace has no figures or the other way round.
    """
    expected: Mapping[str, Mapping[str, int | str]] = json.loads((directory / EXPECTED).read_text())
    found = {file.name for file in directory.glob("*.jsonl.gz")}
    if odd := sorted(found ^ expected.keys()):
        raise UnavailableError(f"{directory}: trace without figures, or figures without trace: {odd[0]}")
    rows = [row(name, figures) for name, figures in expected.items()]
    (directory / "README.md").write_text(HEAD + "".join(rows))


def row(name: str, figures: Mapping[str, int | str]) -> str:
    """One line of the table."""
    values = [str(figures[figure]) for figure in FIGURES]
    lookups = [", ".join(values[0:2]), ", ".join(values[2:4]), ", ".join(values[4:7])]
    return f"| `{name}` | {figures['scenario']} | {figures['mails']} | " + " | ".join(lookups) + " |\n"
