"""A daemon that has ended for master(8) and passes what it has cached to the next one."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from scache.daemon.server import HANDOVER_TIME

if TYPE_CHECKING:
    from conformance.simulation.world.life import Life
    from scache.simulated.clock import VirtualClock

__all__ = ["Leaving"]


class Leaving:
    """The end of one life of the daemon, and what must hold in it. Every method raises Violation.

    As postfix/daemon.py has it, but that no process is forked: a simulated one has no parent who would wait
    for it.
    """

    def __init__(
        self,
        life: Life,
        clock: VirtualClock,
        happened: Counter[Situation],
    ) -> None:
        self.life = life
        self._clock = clock
        self._happened = happened
        self._heard = clock.monotonic()  # when it began, or when it was connected
        self._connected = False
        self._asked_to_stop = False
        life.leave_master()

    @property
    def is_ready(self) -> bool:
        """Whether the daemon has something to do."""
        return self.life.is_ready if self._connected else self.life.network.has_successor()

    def turn(self) -> bool:
        """One turn; False when it was the last one."""
        if not self._connected:
            self._connect()
        if self._connected and self._asked_to_stop:
            self.life.server.stop()
        heard = max(self._heard, self.life.network.heard_of_successor)
        has_had_its_time = self._clock.monotonic() >= heard + HANDOVER_TIME
        if self.life.turn(0) if self._connected else not has_had_its_time:
            if has_had_its_time:
                raise Violation("handover", f"a handover waits for more than {HANDOVER_TIME} seconds")
            return True
        self._check_complete(has_had_its_time)
        self.life.end()
        return False

    def terminate(self) -> None:
        """A signal comes, which the daemon finds once it is connected."""
        self._asked_to_stop = True

    def check_served(self) -> None:
        """Both daemons rest: this one must not wait for the other, unless it isn't accepted yet."""
        successor = self.life.books.successor
        if successor is not None and successor.accepted:
            raise Violation("handover", "a daemon that hands over waits in vain")

    def _connect(self) -> None:
        """Begin, unless the next daemon isn't there yet: accept(2) waits, and nothing is done meanwhile."""
        with suppress(BlockingIOError):
            self.life.hand_over()
            self._connected = True
            self._heard = self._clock.monotonic()

    def _check_complete(self, too_late: bool) -> None:
        """All was passed, unless there was a reason."""
        successor = self.life.books.successor
        if self.life.books.passed_all:
            self._happened[Situation.HANDED_OVER] += 1
        elif successor is not None and successor.closed_why is not None:
            self._happened[Situation.HANDOVER_CUT] += 1
        elif too_late:
            self._happened[Situation.HANDOVER_TOO_LATE] += 1
        elif not self._asked_to_stop:
            raise Violation("handover", "a handover ends before all is passed, for no reason")
