"""One life of the daemon, from its start to its end, and what must hold after each of its turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from conformance.simulation.actors.client import Client
from conformance.simulation.actors.options import Options
from conformance.simulation.checks.recount import Recount
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation, tracebacks
from conformance.simulation.checks.warnings import Warnings
from conformance.simulation.world.books import Books
from conformance.simulation.world.closing import check_closing
from conformance.simulation.world.observed_network import ObservedNetwork
from conformance.simulation.world.observed_service import ObservedService
from scache.cache.interfaces import Sessions
from scache.cache.observer import Observer
from scache.config.settings import Settings
from scache.daemon.server import Server
from scache.daemon.sessions import clients_beside
from scache.postfix.verbose import VerboseLog
from scache.simulated import Listener, StreamSocket, socket_pair
from scache.simulated.clock import VirtualClock

__all__ = ["Life"]

#: Seconds for which the daemon may accept nobody after descriptors ran out.
_ACCEPT_PAUSE = 0.1

#: Seconds for which it accepts nobody at most while the daemon before it passes on what it has cached.
_ALONE = 1


class Life:
    """The product's server, watched. Every method raises Violation.

    settings: what it goes by when it starts; `settings`: what it goes by now.
    listening: the master's listening socket. connecting: clients that nobody has accepted yet, by their end.
    as_client: makes one of the daemon before this one, where that hands over.
    """

    def __init__(
        self,
        options: Options,
        settings: Settings,
        clock: VirtualClock,
        listening: Listener,
        connecting: dict[StreamSocket, Client],
        happened: Counter[Situation],
        note: Callable[[str], None] | None,
        as_client: Callable[[StreamSocket], Client],
    ) -> None:
        self.settings = settings
        self._asked_for = settings
        self._clock = clock
        self._listening = listening
        self._happened = happened
        self._note = note
        self._log: list[str] = []
        self._warnings = Warnings()
        listening.hold()
        self.books = Books(settings, happened)
        self.network = ObservedNetwork(listening, options.descriptor_limit, connecting, self.books, as_client)
        self.service: ObservedService
        observer = VerboseLog(self._logged) if options.verbose else None
        self.server = Server(self.network, clock, settings, self._logged, observer, self._make_service)
        status, self._master = socket_pair()
        self._status_channel = self.network.table.install(status)
        self.server.watch(self._status_channel, self._master_has_gone)
        self._signals, self._signalling = socket_pair()
        signal_handle = self.network.table.install(self._signals)
        self.server.watch(signal_handle, self._read_again)
        self._own = {self.network.listener, self._status_channel, signal_handle}
        now = int(clock.now())
        if settings.handover:
            self._take_over(options.descriptor_limit)
        self._interval_start = now
        self._status_due = now + settings.status_update_time
        self._idle_since: int | None = None if self.network.streams else now
        self._expected_lines: list[str] = []
        self._asked_to_stop = False
        self._reloaded = False

    def _make_service(
        self,
        settings: Settings,
        sessions: Sessions,
        bound_met: Callable[[str], None],
        observer: Observer | None,
    ) -> ObservedService:
        self.service = ObservedService(self.books, settings, sessions, bound_met, observer)
        return self.service

    def _take_over(self, open_files: int) -> None:
        """As postfix/daemon.py has it."""
        predecessor = self.network.predecessor()
        if predecessor is None:
            return
        limit = self.settings.session_limit
        beside = clients_beside(limit, open_files)
        if limit and limit + 2 * beside < open_files - len(self.network.table.files):
            self.network.room_kept = limit
        self.network.alone_until = self._clock.monotonic() + _ALONE
        with tracebacks():
            self.server.take_over(predecessor, beside)

    def terminate(self) -> None:
        """A signal comes between two turns."""
        self._asked_to_stop = True
        self.server.stop()

    def reload(self) -> None:
        """The status channel ends, which the daemon finds among what is ready."""
        self._asked_to_stop = True
        if self._master.is_open:
            self._master.release()

    def _master_has_gone(self, _now: int) -> None:
        self._reloaded = True
        self.server.stop()

    @property
    def hands_over(self) -> bool:
        """Whether what is cached goes to the next daemon, now that this one has stopped."""
        return self._reloaded and self.settings.handover

    def leave_master(self) -> None:
        """The daemon has stopped and hands over: for master(8) it has ended, and it serves nobody more. The
        next one finds it when it starts.
        """
        self.network.ending = True
        self._expect_statistics(int(self._clock.now()))
        with tracebacks():
            self.server.log_statistics()
            self.server.unwatch(self._status_channel)
            self.network.table.close(self._status_channel)
            self.server.leave_clients()
            self.network.listen_for_successor()
        self._own -= {self.network.listener, self._status_channel}
        self._own.add(self.network.meeting_place)
        self._check()

    def hand_over(self) -> None:
        """The handover begins. BlockingIOError where the next daemon isn't there yet."""
        stream = self.network.await_successor()
        self._own.discard(self.network.meeting_place)
        with tracebacks():
            self.server.hand_over(stream)
        self._check()

    def kill(self) -> None:
        """The process vanishes; the kernel closes what it had."""
        for client in list(self.books.served.values()):
            check_closing(client, self.books, ending=True)
        if self.books.successor is not None:
            self.books.successor.gone = True
        for descriptor in list(self.network.table.files):
            self.network.table.close(descriptor)

    def reconfigure(self, settings: Settings) -> None:
        """SIGHUP comes, which the daemon finds among what is ready, before or behind its clients."""
        self._asked_for = settings
        self._signalling.send(b"1")

    def _read_again(self, now: int) -> None:
        self._signals.receive(1 << 10)
        if len(self.books.ledger) > self.books.ledger.cached:
            self._happened[Situation.RECONFIGURED_UNDER_WAY] += 1
        self.settings = self._asked_for
        self.books.reconfigure(self.settings)
        self._warnings.forget()
        self.books.moved += 1
        self.network.room_kept = 0  # or more may be cached now than it was kept for
        self.server.reconfigure(self.settings)
        self._status_due = now + self.settings.status_update_time
        if not self.network.streams:
            self._idle_since = now

    @property
    def is_ready(self) -> bool:
        """Whether the daemon has something to do."""
        return self.network.is_ready() or not self.server.timeout()

    def turn(self, rotation: int) -> bool:
        """One turn, which finds what is ready in a rotated order; False when it was the last one."""
        self.network.rotation = rotation
        now = int(self._clock.now())
        self.books.begin_turn(now, self._clock.monotonic())
        # Timers run before anything is read: what changes in this turn is too late to end it, or to save it.
        idle = self._idle_since is not None and now >= self._idle_since + self.settings.max_idle
        if now >= self._status_due:
            self._expect_statistics(now)
            self._status_due = now + self.settings.status_update_time
        with tracebacks():
            self.server.turn(0)
        self._check()
        self._check_waking(now)
        return not self._has_stopped(now, idle=idle)

    def end(self) -> None:
        """The daemon has stopped, and its process ends; the listening socket lives on for the next one."""
        if self.books.model.sessions:
            self._happened[Situation.ENDED_WITH_SESSIONS] += 1
        if len(self.books.ledger) > self.books.ledger.cached:
            self._happened[Situation.ENDED_UNDER_WAY] += 1
        self.network.ending = True
        self.books.begin_end()
        self._expect_statistics(int(self._clock.now()))
        with tracebacks():
            self.server.close()
        self.books.ledger.all_closed()
        self._check_statistics()
        left = set(self.network.table.files) - self._own
        if left:
            raise Violation("conservation", f"descriptors {sorted(left)} are open when the daemon ends")
        for descriptor in list(self.network.table.files):
            self.network.table.close(descriptor)

    def check_accepting(self) -> None:
        """Nobody waits to be accepted, unless descriptors have just run out."""
        refused_at = self.network.refused_at
        paused = refused_at is not None and self._clock.monotonic() < refused_at + _ACCEPT_PAUSE
        if self._listening.waiting and self.network.streams >= self.settings.client_limit:
            self._happened[Situation.FULL] += 1
        elif self._listening.waiting and not paused:
            raise Violation("service", "a client waits to be accepted while the daemon rests")

    def check_empty(self) -> None:
        """Nothing is left: no entry, no client, no descriptor."""
        left = (*self.service.sizes, self.server.clients)
        if left != (0, 0, 0, 0) or len(self.books.ledger):
            raise Violation("rest", f"left when all is over: {left}, {len(self.books.ledger)} descriptors")

    def _check(self) -> None:
        """Whatever the daemon does, this holds behind it."""
        self.books.end_turn(stopped=self.server.stopped)
        self._check_descriptors()
        self._check_sizes()
        if self._log or self._expected_lines:
            self._check_statistics()

    def _check_descriptors(self) -> None:
        expected = len(self._own) + self.network.streams + len(self.books.ledger)
        if len(self.network.table.files) != expected:
            raise Violation(
                "conservation",
                f"{len(self.network.table.files)} descriptors are open: {len(self._own)} of its own,"
                f" {self.network.streams} clients and {len(self.books.ledger)} sessions are known",
            )

    def _check_sizes(self) -> None:
        if not self.books.changed:
            return
        if self.service.sizes != self.books.model.sizes():
            raise Violation(
                "sizes", f"the cache says {self.service.sizes}, the model {self.books.model.sizes()}"
            )

    def _expect_statistics(self, now: int) -> None:
        """An interval is over: the daemon logs it before it serves anybody, and counts from zero."""
        self._expected_lines = self.books.recount.lines(self._clock.text(self._interval_start))
        self.books.recount = Recount()
        self._interval_start = now

    def _check_statistics(self) -> None:
        if self._note is not None:
            for line in self._log:
                self._note(line)
        lines = [line for line in self._log if line.startswith("statistics:")]
        self._log.clear()
        if lines != self._expected_lines:
            raise Violation("statistics", f"logged {lines}, recounted {self._expected_lines}")
        self._expected_lines = []
        if len(lines) == 4:
            self._happened[Situation.ALL_STATISTICS] += 1

    def _logged(self, line: str) -> None:
        self._log.append(line)
        if line.endswith(" were not logged"):
            self._happened[Situation.NOT_LOGGED] += 1
        elif line.startswith("warning: "):
            self._warnings.logged(line, self.books.elapsed, self.settings.warning_limit)

    def _check_waking(self, now: int) -> None:
        """The daemon must not sleep past what is due next."""
        wakes = now + self.server.timeout()
        due = min(self._status_due, self.books.earliest_due())
        if wakes > due:
            raise Violation("waking", f"something is due at {due}, the daemon wakes at {wakes}")

    def _has_stopped(self, now: int, *, idle: bool) -> bool:
        """Whether the daemon has stopped, as it must when it was asked to or idle for too long, only then."""
        if self.books.successor is not None:  # see Leaving
            return self.server.stopped
        if self.server.stopped != (idle or self._asked_to_stop):
            what = "stops" if self.server.stopped else "doesn't stop"
            raise Violation("stopping", f"the daemon {what} at {now}, idle since {self._idle_since}")
        if self.network.streams:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        self._happened[Situation.IDLE_END] += idle
        return self.server.stopped
