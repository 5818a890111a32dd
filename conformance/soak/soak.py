"""The soak: what is done to the daemon, for how long, and what came of it."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from statistics import median

from conformance.benchmark.measure.process import cpu_time, memory
from conformance.soak.client import SESSIONS
from conformance.soak.master import Master
from conformance.soak.shared import Shared
from conformance.soak.worker import Report, press, work

__all__ = ["PERIOD", "Result", "Soak"]

#: Seconds from the beginning of one handover to that of the next, unless it takes longer.
PERIOD = 10.0

#: Share of the sessions that are there when all others' descriptors are used up.
_FULL = 0.95

#: Descriptors of the daemon that may be free where it is said to be at its limit: some come and go meanwhile.
_FREE = 16

_PAUSE = 2.0  # seconds between two requests of a client, on average
_FILLING = 0.3  # the same while the cache is filled
_LOOK = 0.25  # seconds between two looks at everything
_REST = 5.0  # seconds after which all is done that was begun
_IDLE = 10.0  # seconds for which the CPU time of an idle daemon is measured
_PATIENCE = 300.0  # seconds for the cache to be filled, or emptied


@dataclass(slots=True)
class Result:
    """What came of a soak. Sizes in bytes, times in seconds; idle: of the CPU, of one processor.

    handovers: how long each took. at_limit: for how long the daemon had hardly a descriptor left. before,
    after: its descriptors without clients. resident: at the end of each daemon's life.
    """

    report: Report = field(default_factory=Report)
    seconds: float = 0.0
    handovers: list[float] = field(default_factory=list)
    at_limit: float = 0.0
    most_cached: int = 0
    before: int = 0
    after: int = 0
    resident: list[int] = field(default_factory=list)
    resident_after: int = 0
    idle: float = 0.0
    bad_ends: list[int] = field(default_factory=list)
    log: Counter[str] = field(default_factory=Counter)

    def faults(self) -> list[str]:
        """What was not as it should be."""
        faults = [*self.report.wrong[:20]]
        if self.report.lost:
            faults.append(f"{self.report.lost} sessions were lost")
        if self.after != self.before:
            faults.append(f"{self.after} descriptors are open at the end, {self.before} at the beginning")
        if self.growth() > 1.1:
            faults.append(f"memory grew by {self.growth() - 1:.0%}")
        if self.idle >= 0.01:
            faults.append(f"the idle daemon takes {self.idle:.1%} of a processor")
        faults += [f"a daemon ended with status {status}" for status in self.bad_ends]
        return faults + [f"logged: {line}" for line in self.log if line.startswith(("panic", "fatal"))]

    def growth(self) -> float:
        """Memory of the last third of the daemons over that of the first third."""
        third = len(self.resident) // 3
        return median(self.resident[-third:]) / median(self.resident[:third]) if third else 1.0


class Soak:
    """A run. say takes a line on how it goes now and then."""

    def __init__(self, clients: int, processes: int, say: Callable[[str], None]) -> None:
        self._clients = clients
        self._processes = processes
        self._say = say
        self._sessions = clients * SESSIONS
        # The daemon leaves a quarter of its descriptors, or 1,024, to clients.
        room = min(self._sessions + 1124, (self._sessions + 100) * 4 // 3 + 4)
        self._open_files = max(self._sessions + clients + 400, room)
        self._idle = self._open_files - clients - int(_FULL * self._sessions)
        self._result = Result()

    def run(self, minutes: float) -> Result:
        """Fill the cache, do everything for so many minutes, let it rest, and empty the cache."""
        result = self._result
        with Master(self._open_files) as master:
            master.await_service()
            time.sleep(_LOOK)
            result.before = master.descriptors()
            context = multiprocessing.get_context("spawn")
            shared = Shared(context)
            with _workers(context, shared, master, self._clients, self._processes) as bosses:
                self._fill(master, bosses)
                with _pressing(context, shared, master, self._idle):
                    self._soak(master, shared, bosses, minutes * 60)
                self._rest(master, bosses)
                for boss in bosses:
                    boss.send("end")
                result.report = sum((_final(boss) for boss in bosses), Report())
            time.sleep(_REST)
            result.after = master.descriptors()
            result.resident_after = memory(master.child.pid)
            result.log = Counter(_kind(line) for line in master.log())
        return result

    def _fill(self, master: Master, bosses: list[Connection]) -> None:
        _tell(bosses, _FILLING)
        patience = time.monotonic() + _PATIENCE
        while (cached := _asked(bosses).cached) < _FULL * self._sessions and time.monotonic() < patience:
            master.log()
            time.sleep(_LOOK)
        self._say(f"{cached:,} sessions are cached; the limit is {self._open_files:,} open files")
        _tell(bosses, _PAUSE)

    def _soak(self, master: Master, shared: Shared, bosses: list[Connection], seconds: float) -> None:
        result = self._result
        began = looked = last = time.monotonic()
        end = began + seconds
        handing_over = False
        while (now := time.monotonic()) < end or handing_over:
            if handing_over and not master.hands_over():
                handing_over = False
                shared.phase.value += 1
                self._handed_over(now - began, now - last, _asked(bosses))
            if not handing_over and last + PERIOD <= now < end:
                last, handing_over = now, True
                result.resident.append(memory(master.child.pid))
                shared.phase.value += 1
                if status := master.reload():
                    result.bad_ends.append(status)
            shared.press(True)
            master.log()
            time.sleep(_LOOK)
            now = time.monotonic()
            if master.descriptors() >= self._open_files - _FREE:
                result.at_limit += now - looked
            looked = now
        shared.press(False)
        result.seconds = looked - began

    def _handed_over(self, at: float, took: float, report: Report) -> None:
        result = self._result
        result.handovers.append(took)
        result.most_cached = max(result.most_cached, report.cached)
        self._say(
            f"{at:5.0f} s: handed over in {took:.1f} s; {report.cached:,} cached, "
            f"{report.counts['found']:,} found, {report.lost} lost, {len(report.wrong)} wrong"
        )

    def _rest(self, master: Master, bosses: list[Connection]) -> None:
        """All clients are there and silent, everything is cached."""
        _tell(bosses, 1e9)
        time.sleep(_REST)
        used = cpu_time(master.child.pid).total
        time.sleep(_IDLE)
        self._result.idle = (cpu_time(master.child.pid).total - used) / _IDLE


def _kind(line: str) -> str:
    """What a log line is about, so that there are few of them."""
    return line if line.startswith(("panic", "fatal")) else " ".join(line.split(" ")[:3])


def _tell(bosses: list[Connection], pause: float) -> None:
    for boss in bosses:
        boss.send(pause)


def _asked(bosses: list[Connection]) -> Report:
    for boss in bosses:
        boss.send("report")
    return sum((boss.recv() for boss in bosses), Report())


def _final(boss: Connection) -> Report:
    if not boss.poll(_PATIENCE):
        raise TimeoutError("the cache isn't emptied")
    report = boss.recv()
    assert isinstance(report, Report)
    return report


@contextmanager
def _workers(
    context: SpawnContext,
    shared: Shared,
    master: Master,
    clients: int,
    processes: int,
) -> Iterator[list[Connection]]:
    """The clients in so many processes; the connections to these."""
    bosses, started = [], []
    for number in range(processes):
        ours, theirs = context.Pipe()
        numbers = range(number, clients, processes)
        process = context.Process(target=work, args=(numbers, str(master.instance.path), shared, theirs))
        process.start()
        started.append(process)
        bosses.append(ours)
        theirs.close()
    try:
        yield bosses
    finally:
        for process in started:
            process.kill()
            process.join()


@contextmanager
def _pressing(context: SpawnContext, shared: Shared, master: Master, count: int) -> Iterator[None]:
    process = context.Process(target=press, args=(count, str(master.instance.path), shared))
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
