"""Many runs, each from its own seed, on an executor: processes of this machine, or a cluster."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing.connection import Connection

from conformance.simulation.campaign.run import Outcome, play
from conformance.simulation.checks.situation import Situation
from scache.errors import UnavailableError, UsageError

__all__ = ["TAME", "Campaign", "executor_for"]

#: Requests from which on a campaign must have met every rare situation.
TAME = 200_000

#: Runs that wait in the executor for each one that is carried out, so that nobody is idle.
_QUEUED = 2


@dataclass
class Campaign:
    """What came of all runs so far. requests: of each run. everything: no swarm, nothing switched off."""

    requests: int
    everything: bool
    runs: int = 0
    turns: int = 0
    requests_done: int = 0
    happened: Counter[Situation] = field(default_factory=Counter)
    failure: Outcome | None = None

    @property
    def missing(self) -> list[Situation]:
        """The rare situations that have not happened."""
        return [situation for situation in Situation if not self.happened[situation]]

    def run(
        self,
        seeds: Iterable[int],
        executor: Executor,
        jobs: int,
        go_on: Callable[[], bool],
        done: Callable[[Outcome], None],
    ) -> None:
        """Run the seeds until one fails, they are through, or go_on() says no; done is told of each run."""
        waiting: set[Future[Outcome]] = set()
        remaining = iter(seeds)
        while self.failure is None and go_on():
            room = jobs * (1 + _QUEUED) - len(waiting)
            for seed in itertools.islice(remaining, room):
                waiting.add(executor.submit(play, seed, self.requests, everything=self.everything))
            if not waiting:
                return
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                self._add(future.result())
                done(future.result())
        for future in waiting:
            future.cancel()

    def _add(self, outcome: Outcome) -> None:
        self.runs += 1
        self.turns += outcome.turns
        self.requests_done += outcome.requests
        self.happened += outcome.happened
        if outcome.violation is not None and self.failure is None:
            self.failure = outcome


@contextmanager
def executor_for(address: str | None, jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """An executor and how many runs it carries out at once.

    address: `dask://HOST:PORT` for a Dask cluster, None for processes of this machine (as many as jobs, or
    one a core). Raises UsageError for another address, UnavailableError where the cluster can't be used.
    """
    if address is None:
        count = jobs or os.cpu_count() or 1
        with _processes(count) as pool:
            yield pool, count
        return
    scheme, _, place = address.partition("://")
    if scheme != "dask" or not place:
        raise UsageError(f"{address}: an executor is given as dask://HOST:PORT")
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise UnavailableError(f"{address}: the package `distributed` is missing (extra `cluster`)") from None
    try:
        client = distributed.Client(f"tcp://{place}", timeout=10)
    except OSError as error:
        raise UnavailableError(f"{address}: {error}") from None
    with client:
        yield client.get_executor(), jobs or sum(client.ncores().values()) or 1


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    """Processes that end at once when this block or this process does, whatever they are busy with."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with ours, theirs:
        pool = ProcessPoolExecutor(count, context, _end_with, (theirs,))
        try:
            yield pool
        finally:
            theirs.close()
            ours.close()
            pool.shutdown(cancel_futures=True)


def _end_with(parent: Connection) -> None:
    """In a process of the pool: leave interrupts to the parent, and end when it closes its pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.poll(None)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
