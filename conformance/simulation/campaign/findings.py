"""What is left of a run that failed: its options, few steps that still fail, their trace, and how to replay
it.
"""

from __future__ import annotations

from pathlib import Path

from conformance.contract.shrinking import shrink
from conformance.simulation.actors.options import draw_options
from conformance.simulation.campaign.run import Outcome, play, replay
from conformance.simulation.world.step import Step
from conformance.simulation.world.world import START
from scache.trace.format.events import Header
from scache.trace.format.writer import TraceWriter

__all__ = ["save_finding"]

#: Replays that shrinking may take.
_ATTEMPTS = 400


def save_finding(outcome: Outcome, requests: int, everything: bool, traces: Path) -> str:
    """Shrink the run, save its trace as `traces/simulated-SEED.jsonl`; a text that says all of it."""
    options = draw_options(outcome.seed, everything=everything)
    steps: list[Step] = []
    play(outcome.seed, requests, everything=everything, steps=steps)

    def fails(shorter: list[Step]) -> bool:
        return replay(options, shorter).rule == outcome.rule

    steps = shrink(steps, fails, _ATTEMPTS)
    path = traces / f"simulated-{outcome.seed}.jsonl"
    header = Header("conformance simulate", START, options.dialect, scenario=f"fails: {outcome.rule}")
    try:
        with TraceWriter(path, header) as writer:
            replay(options, steps, record=writer.write)
        saved = f"trace: {path}"
    except OSError as error:
        saved = f"no trace: {path}: {error.strerror}"
    command = f"simulate --seed {outcome.seed} --runs 1 --requests {requests}"
    if everything:
        command += " --everything"
    return "\n".join(
        [
            f"seed {outcome.seed} fails after {outcome.requests} requests: {outcome.violation}",
            *(f"  {line}" for line in options.lines()),
            f"{len(steps)} steps that fail in the same way:",
            *(f"  {step!r}"[:200] for step in steps),
            saved,
            f"replay: python -m conformance {command}",
        ]
    )
