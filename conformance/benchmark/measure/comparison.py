"""The measurement: daemons take turns (A B C A B C ...) under the same load; ratios are of one round."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from conformance.benchmark.daemons import Contestant, RunningDaemon, start
from conformance.benchmark.load.generator import Generator
from conformance.benchmark.measure.process import cpu_time, memory

__all__ = ["Cell", "Comparison", "Memory", "Plan", "Ratio", "Turn", "compare", "loaded", "measure_turn"]

DESCRIPTORS_BESIDE_SESSIONS = 500
"""Descriptors that a daemon and the generator need besides those of the cached sessions."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: every number of cached pairs with every number of clients."""

    cached: tuple[int, ...] = (0, 1000, 4000, 16000)
    clients: tuple[int, ...] = (1, 4, 16, 64)
    turns: int = 7
    """How often each daemon has its turn in a cell."""
    seconds: float = 0.25
    """How long a turn lasts."""

    def left_out(self) -> tuple[int, ...]:
        """The numbers of cached pairs that need more descriptors than this system allows (it is asked)."""
        allowed = _raise_descriptor_limit(max(self.cached) + DESCRIPTORS_BESIDE_SESSIONS)
        return tuple(cached for cached in self.cached if cached + DESCRIPTORS_BESIDE_SESSIONS > allowed)


def _raise_descriptor_limit(wanted: int) -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < wanted:
        with contextlib.suppress(ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@dataclass(frozen=True, slots=True)
class Turn:
    """One daemon under load for a while. Times are in seconds, per request where the name says so.

    user and system are counted in clock ticks (10 ms), so they are good for a sum of turns, not for one.
    """

    requests: int
    rate: float
    cpu_per_request: float
    user: float
    system: float
    server_share: float
    generator_share: float
    p50: float
    p99: float
    p999: float
    longest: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios of one round's turns, and their range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes resident in a daemon: before the pairs were cached, after, and at most up to the end."""

    before: int
    after: int
    peak: int

    def per_pair(self, cached: int) -> float:
        """Bytes that one cached pair costs."""
        return (self.after - self.before) / cached


@dataclass(frozen=True, slots=True)
class Cell:
    """All turns with the same number of cached pairs and clients, by the daemon's name."""

    cached: int
    clients: int
    turns: dict[str, list[Turn]]

    def followed_by(self, later: Cell) -> Cell:
        """All turns of both, in their order."""
        turns = {name: [*turns, *later.turns[name]] for name, turns in self.turns.items()}
        return Cell(self.cached, self.clients, turns)

    def typical(self, name: str, value: Callable[[Turn], float]) -> float:
        """The median over the daemon's turns."""
        return median(map(value, self.turns[name]))

    def user_share(self, name: str) -> float:
        """How much of the daemon's CPU was not the kernel's, over all its turns."""
        user = sum(turn.user for turn in self.turns[name])
        system = sum(turn.system for turn in self.turns[name])
        return user / (user + system) if user + system else 0.0

    def user_per_request(self, name: str) -> float:
        """Seconds of the daemon's CPU that are not the kernel's, over all its turns."""
        return self.typical(name, lambda turn: turn.cpu_per_request) * self.user_share(name)

    def ratio(self, name: str, other: str, value: Callable[[Turn], float]) -> Ratio:
        """name's value over other's, turn by turn."""
        pairs = zip(self.turns[name], self.turns[other], strict=True)
        ratios = [value(one) / value(two) for one, two in pairs]
        return Ratio(median(ratios), min(ratios), max(ratios))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole result; memory by number of cached pairs and the daemon's name."""

    names: tuple[str, ...]
    cells: list[Cell]
    memory: dict[int, dict[str, Memory]]

    def __add__(self, later: Comparison) -> Comparison:
        """The turns of both, which have the same cells; the memory of the later one."""
        cells = [one.followed_by(other) for one, other in zip(self.cells, later.cells, strict=True)]
        return Comparison(self.names, cells, later.memory)


def measure_turn(daemon: RunningDaemon, generator: Generator, seconds: float) -> Turn:
    """Run the clients that are open; the daemon must be at rest before, and is at rest afterwards."""
    before = cpu_time(daemon.pid)
    load = generator.run(seconds)
    used = cpu_time(daemon.pid) - before
    return Turn(
        requests=load.requests,
        rate=load.requests / load.elapsed,
        cpu_per_request=used.total / load.requests,
        user=used.user,
        system=used.system,
        server_share=used.total / load.elapsed,
        generator_share=load.generator_cpu / load.elapsed,
        p50=load.p50,
        p99=load.p99,
        p999=load.p999,
        longest=load.longest,
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """A running daemon with its pairs cached, and the generator that holds their sessions."""

    daemon: RunningDaemon
    generator: Generator
    before: int
    after: int


@contextlib.contextmanager
def loaded(contestant: Contestant, command: list[str], cached: int) -> Iterator[Loaded]:
    """Start the daemon and a generator, and cache the pairs."""
    with start(contestant) as daemon, Generator(command, daemon) as generator:
        generator.open_clients(1)
        generator.close_clients()
        before = memory(daemon.pid)
        generator.preload(cached)
        yield Loaded(daemon, generator, before, memory(daemon.pid))


def _measure_cell(contestants: Sequence[Loaded], cached: int, clients: int, plan: Plan) -> Cell:
    turns: dict[str, list[Turn]] = {one.daemon.name: [] for one in contestants}
    for one in contestants:
        one.generator.open_clients(clients)
    for _ in range(plan.turns):
        for one in contestants:
            turns[one.daemon.name].append(measure_turn(one.daemon, one.generator, plan.seconds))
    for one in contestants:
        one.generator.close_clients()
    return Cell(cached, clients, turns)


def compare(
    contestants: Sequence[Contestant], plan: Plan, command: list[str], done: Callable[[Cell], None]
) -> Comparison:
    """Measure all cells of the plan that this system allows; `done` hears of each as soon as it is there."""
    result = Comparison(tuple(contestant.name for contestant in contestants), [], {})
    for cached in [cached for cached in plan.cached if cached not in plan.left_out()]:
        with contextlib.ExitStack() as stack:
            running = [stack.enter_context(loaded(contestant, command, cached)) for contestant in contestants]
            for clients in plan.clients:
                result.cells.append(_measure_cell(running, cached, clients, plan))
                done(result.cells[-1])
            result.memory[cached] = {
                one.daemon.name: Memory(one.before, one.after, memory(one.daemon.pid, "VmHWM"))
                for one in running
            }
    return result
