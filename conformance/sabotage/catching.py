"""What catches a wrong daemon: cases of the catalogue, the differential run, the simulation; how soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.catalogue.language.model import Case
from conformance.contract.target import Target
from conformance.differential.drawing import draw_stretch
from conformance.differential.findings import play_stretch
from conformance.runner.play import play
from conformance.runner.verdict import Verdict
from conformance.sabotage.planting import Sabotage, begin_daemon, planted
from conformance.sabotage.targets import WrongTarget, wrong_process
from conformance.simulation.campaign.run import play as simulate
from conformance.targets.reference import ReferenceTarget

__all__ = ["Catch", "by_difference", "by_simulation", "red_cases"]

#: Requests of one simulated run.
_REQUESTS = 500


@dataclass(frozen=True, slots=True)
class Catch:
    """After how many steps or requests a wrong daemon was caught, after how many seconds of processor time,
    and what showed.
    """

    count: int
    seconds: float
    what: str

    def __bool__(self) -> bool:
        """Whether it was caught at all: where it wasn't, nothing showed."""
        return bool(self.what)


def red_cases(sabotage: Sabotage, cases: Iterable[Case], *, process: bool = False) -> list[str]:
    """The ids of the cases that fail on the wrong daemon: in memory, or as a process."""
    if process:
        return _failing(cases, wrong_process(sabotage))
    with planted(sabotage):
        return _failing(cases, WrongTarget())


def _failing(cases: Iterable[Case], target: Target) -> list[str]:
    return [case.id for case in cases if play(case, target).verdict is Verdict.FAIL]


def by_difference(sabotage: Sabotage, seconds: float, first_seed: int = 1) -> Catch:
    """Compare the wrong daemon with the model for so long (processor time, so that a busy machine changes
    nothing).
    """
    left, right = WrongTarget(), ReferenceTarget()
    steps = 0

    def stretch(seed: int) -> str | None:
        nonlocal steps
        try:
            difference, entries = play_stretch(left, right, *draw_stretch(seed))
        except Exception as crash:  # a wrong daemon may end in any way
            return f"{type(crash).__name__}"
        steps += len(entries)
        return None if difference is None else difference.what

    return _first(sabotage, seconds, first_seed, stretch, lambda: steps)


def by_simulation(sabotage: Sabotage, seconds: float, first_seed: int = 1) -> Catch:
    """Run the simulation with the wrong daemon for so long."""
    requests = 0

    def run(seed: int) -> str | None:
        nonlocal requests
        begin_daemon()
        try:
            outcome = simulate(seed, _REQUESTS)
        except Exception as crash:
            return f"{type(crash).__name__}"
        requests += outcome.requests
        return outcome.rule

    return _first(sabotage, seconds, first_seed, run, lambda: requests)


def _first(
    sabotage: Sabotage,
    seconds: float,
    seed: int,
    attempt: Callable[[int], str | None],
    count: Callable[[], int],
) -> Catch:
    began = time.process_time()
    with planted(sabotage):
        while time.process_time() - began < seconds:
            what = attempt(seed)
            if what is not None:
                return Catch(count(), round(time.process_time() - began, 1), what)
            seed += 1
    return Catch(count(), seconds, "")
