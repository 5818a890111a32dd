"""Cases that other processes play before they are asked for, so that a run waits for more than one daemon."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from conformance.catalogue.language.model import Case
from conformance.contract.target import Target
from conformance.runner.verdict import Result

__all__ = ["played_ahead"]

Player = Callable[[Case, Target], Result]


@contextmanager
def played_ahead(
    player: Player, cases: Sequence[Case], targets: Collection[str], jobs: int
) -> Iterator[Player]:
    """A player of these cases, asked in their order, that has `jobs` of them played at a time on the targets
    of these names. Others, and everything where only one job is allowed, are played when they are asked for.
    """
    if jobs == 1:
        yield player
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        try:
            yield _Ahead(player, dict.fromkeys(targets, cases), pool, 2 * jobs)
        finally:
            pool.shutdown(cancel_futures=True)


class _Ahead:
    """Keeps so many cases of each target on the way."""

    def __init__(
        self, player: Player, cases: Mapping[str, Sequence[Case]], pool: ProcessPoolExecutor, most: int
    ) -> None:
        self._player = player
        self._pool = pool
        self._most = most
        self._coming = {target: iter(its) for target, its in cases.items()}
        self._under_way: dict[str, deque[tuple[Case, Future[Result]]]] = {target: deque() for target in cases}

    def __call__(self, case: Case, target: Target) -> Result:
        under_way = self._under_way.get(target.name, deque())
        coming = self._coming.get(target.name, iter(()))
        while len(under_way) < self._most and (following := next(coming, None)) is not None:
            under_way.append((following, self._pool.submit(self._player, following, target)))
        if not under_way or under_way[0][0] is not case:
            return self._player(case, target)
        return replace(under_way.popleft()[1].result(), case=case)
