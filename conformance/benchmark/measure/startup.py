"""How long a daemon takes from exec to the announcement that its first client sees."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.benchmark.daemons import Contestant, start

__all__ = ["measure_startup"]


def measure_startup(contestants: Sequence[Contestant], turns: int) -> dict[str, list[float]]:
    """Seconds of each start, by name; the daemons take turns, after one start each that isn't counted."""
    seconds: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for turn in range(turns + 1):
        for contestant in contestants:
            with start(contestant) as daemon:
                if turn:
                    seconds[contestant.name].append(daemon.start_time)
    return seconds
