"""Whether memory stays flat over many requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conformance.benchmark.daemons import Contestant
from conformance.benchmark.measure.comparison import loaded
from conformance.benchmark.measure.process import memory

__all__ = ["GROWTH_LIMIT", "Sample", "growth", "measure_endurance"]

CLIENTS = 16
CACHED = 1000
SLICE = 2.0
"""Seconds of load between two looks."""
GROWTH_LIMIT = 1.02
"""How much larger than in the first half a daemon may at most be in the second; a leak of one object a
request is far more."""


@dataclass(frozen=True, slots=True)
class Sample:
    """After so many requests the daemon had so many bytes resident and so many descriptors open."""

    requests: int
    resident: int
    descriptors: int


def measure_endurance(
    contestant: Contestant, command: list[str], requests: int, done: Callable[[Sample], None]
) -> list[Sample]:
    """Load the daemon until it has answered that many requests; a sample after each slice."""
    samples: list[Sample] = []
    answered = 0
    with loaded(contestant, command, CACHED) as under_load:
        under_load.generator.open_clients(CLIENTS)
        while answered < requests:
            answered += under_load.generator.run(SLICE).requests
            pid = under_load.daemon.pid
            descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
            samples.append(Sample(answered, memory(pid), descriptors))
            done(samples[-1])
    return samples


def growth(samples: list[Sample]) -> float:
    """The largest size in the second half over the largest in the first."""
    half = samples[-1].requests / 2
    first = [sample.resident for sample in samples if sample.requests <= half] or [samples[0].resident]
    return max(sample.resident for sample in samples if sample.requests > half) / max(first)
