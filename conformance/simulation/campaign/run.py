"""One run: a seed, its options, its steps, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.simulation.actors.options import Options, draw_options
from conformance.simulation.campaign.player import Player
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.ending import finish
from conformance.simulation.world.step import Step
from conformance.simulation.world.world import World
from scache.trace.format.events import Event

__all__ = ["Outcome", "play", "replay"]


#: Rounds for each request after which a run ends anyway: buffers of few bytes make long messages slow.
_MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `violation` is None where every invariant held."""

    seed: int
    requests: int
    turns: int
    happened: Counter[Situation]
    rule: str | None = None
    violation: str | None = None


def play(
    seed: int,
    requests: int,
    *,
    everything: bool = False,
    note: Callable[[str], None] | None = None,
    steps: list[Step] | None = None,
) -> Outcome:
    """Run the world of that seed for so many requests, and then to its rest.

    everything: switch nothing off. note: takes the lines of the event log. steps: takes the steps.
    """
    options = draw_options(seed, everything=everything)
    if note is not None:
        for line in options.lines():
            note(line)
    world = World(options, note)
    player = Player(options, world)
    try:
        for _ in range(_MOST_ROUNDS * requests):
            if world.requests >= requests:
                break
            for step in player.round():
                if steps is not None:
                    steps.append(step)
                world.perform(step)
        finish(world)
    except Violation as violation:
        return _outcome(options, world, violation)
    return _outcome(options, world, None)


def replay(options: Options, steps: Iterable[Step], record: Callable[[Event], None] | None = None) -> Outcome:
    """Run a world through these steps, and then to its rest. record: takes the clients' traffic."""
    world = World(options, record=record)
    try:
        for step in steps:
            world.perform(step)
        finish(world)
    except Violation as violation:
        return _outcome(options, world, violation)
    return _outcome(options, world, None)


def _outcome(options: Options, world: World, violation: Violation | None) -> Outcome:
    return Outcome(
        seed=options.seed,
        requests=world.requests,
        turns=world.turns,
        happened=world.happened,
        violation=None if violation is None else str(violation),
        rule=None if violation is None else violation.rule,
    )
