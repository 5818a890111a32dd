"""The world: the unchanged server, its clients and its faults, moved by concrete steps and checked after each
turn.

A step is a name and its arguments. Steps that don't apply (the client isn't there, or isn't ready for it) do
nothing, so any part of a list of steps is a list of steps again, which shrinking relies on.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from conformance.simulation.books import Books
from conformance.simulation.client import Client, Phase
from conformance.simulation.observed import ObservedNetwork, ObservedService
from conformance.simulation.options import Options
from conformance.simulation.recount import Recount
from conformance.simulation.situation import Situation
from conformance.simulation.tracing import Scribe
from conformance.simulation.violation import Violation
from scache.clock import VirtualClock
from scache.server import Server
from scache.settings import Settings
from scache.simulated import Listener, OpenFile, StreamSocket, socket_pair
from scache.trace.events import Event

__all__ = ["START", "Step", "World"]

#: A step's name and its arguments.
Step = tuple[object, ...]

#: When every world begins, in seconds since the epoch.
START = 1_800_000_000

#: Turns without a read, a write, an accept or a close after which a daemon that isn't at rest is restless.
_RESTLESS = 10


@contextmanager
def _tracebacks() -> Iterator[None]:
    """Whatever the daemon raises is a violation."""
    try:
        yield
    except Violation:
        raise
    except Exception:
        raise Violation("traceback", traceback.format_exc()) from None


class World:
    """One run.

    note takes each line of the event log, record each event of the clients' traffic, where somebody wants
    them.
    """

    def __init__(
        self,
        options: Options,
        note: Callable[[str], None] | None = None,
        record: Callable[[Event], None] | None = None,
    ) -> None:
        self.options = options
        self.clock = VirtualClock(START)
        self.happened: Counter[Situation] = Counter()
        self.requests = 0
        self.turns = 0
        self.clients: dict[int, Client] = {}
        self.sessions: list[tuple[OpenFile, StreamSocket]] = []
        self._note = note
        self._scribe = None if record is None else Scribe(self.clock, record)
        self._listening = Listener(options.backlog, options.capacity)
        self._connecting: dict[StreamSocket, Client] = {}
        self._rotation = [0]
        self._log: list[str] = []
        self._start_daemon()

    # --- the daemon's lives ---

    def _start_daemon(self) -> None:
        options = self.options
        self._listening.hold()
        self.books = Books(options.ttl_limit, self.happened)
        self.network = ObservedNetwork(
            self._listening, options.descriptor_limit, self._connecting, self.books, self._rotation
        )
        settings = Settings(
            ttl_limit=options.ttl_limit,
            status_update_time=options.status_update_time,
            max_idle=options.max_idle,
            ipc_timeout=options.ipc_timeout,
            dialect=options.dialect,
            message_limit=options.message_limit,
            keep_unclaimed=options.keep_unclaimed,
            skip_closed=options.skip_closed,
            goodbye=options.goodbye,
        )
        self.server = Server(self.network, self.clock, settings, self._log.append)
        self.server.service = ObservedService(self.server.service, self.books)  # type: ignore[assignment]
        status, self._master = socket_pair()
        self._status_channel = self.network.table.install(status)
        self.server.watch(self._status_channel, lambda _now: self.server.stop())
        self._interval_start = self._now()
        self._status_due = self._now() + options.status_update_time
        self._idle_since: int | None = self._now()
        self._expected_lines: list[str] = []
        self._asked_to_stop = False

    def _end_daemon(self) -> None:
        """The daemon has stopped, and its process ends; the listening socket lives on for the next one."""
        if self.books.model.sessions:
            self.happened[Situation.ENDED_WITH_SESSIONS] += 1
        if len(self.books.ledger) > self.books.ledger.cached:
            self.happened[Situation.ENDED_UNDER_WAY] += 1
        self.network.ending = True
        self.books.begin_end()
        self._expect_statistics(self._now())
        with _tracebacks():
            self.server.close()
        self.books.ledger.all_closed()
        self._check_statistics()
        left = set(self.network.table.files) - {self.network.listener, self._status_channel}
        if left:
            raise Violation("conservation", f"descriptors {sorted(left)} are open when the daemon ends")
        for descriptor in list(self.network.table.files):
            self.network.table.close(descriptor)
        self._start_daemon()

    def _now(self) -> int:
        return int(self.clock.now())

    # --- steps ---

    def perform(self, step: Step) -> None:
        """Carry out one step. Raises Violation."""
        if self._note is not None:
            self._note(repr(step))
        name, *arguments = step
        _STEPS[str(name)](self, *arguments)

    def _connect(self, number: int, hostile: bool) -> None:
        if number in self.clients:
            return
        try:
            end = self._listening.connect()
        except BlockingIOError:
            self.happened[Situation.BACKLOG_FULL] += 1
            return
        seen = end if self._scribe is None else self._scribe.attend(end)
        client = Client(number, seen, self.options, self.happened, hostile=hostile)
        client.heard_at = self._now()
        self.clients[number] = client
        self._connecting[end] = client

    def _ask(self, number: int, kind: str, *parameters: bytes | int) -> None:
        """A good client begins a request; it saves the session in its hand, or else a new one."""
        client = self._idle(number)
        if client is None:
            return
        session = None
        if kind == "save_endp":
            session = client.hand.pop() if client.hand else self._new_session()
        self.requests += 1
        if client.outbox:
            self.happened[Situation.GLUED_DUMMY] += 1
        client.ask(kind, parameters, session)

    def _ask_wrongly(self, number: int, which: int) -> None:
        client = self._idle(number)
        if client is not None:
            self.requests += 1
            client.ask_wrongly(which)

    def _idle(self, number: int) -> Client | None:
        client = self.clients.get(number)
        if client is None or client.hostile or client.phase is not Phase.IDLE or client.half_closed:
            return None
        return client

    def _new_session(self) -> OpenFile:
        session, remote = socket_pair()
        self.sessions.append((session, remote))
        if len(self.sessions) > 2000:
            self.sessions = [pair for pair in self.sessions if pair[0].is_open]
        return session

    def _write(self, number: int, size: int) -> None:
        client = self.clients.get(number)
        if client is not None:
            if client.outbox and size < len(client.outbox):
                self.happened[Situation.IN_PIECES] += 1
            client.write(size)

    def _read(self, number: int, size: int) -> None:
        client = self.clients.get(number)
        if client is not None:
            client.read(size)
            if client.ended:
                self._leave(number)

    def _add(self, number: int, data: bytes) -> None:
        """A hostile client is about to write these bytes, too."""
        client = self.clients.get(number)
        if client is not None and client.hostile:
            self.requests += data.startswith(b"request\0")
            client.outbox += data

    def _attach(self, number: int, count: int) -> None:
        """A hostile client writes one byte with so many descriptors on it."""
        client = self.clients.get(number)
        if client is None or not client.hostile:
            return
        byte, client.outbox = client.outbox[:1] or b"\0", client.outbox[1:]
        files = tuple(self._new_session() for _ in range(count))
        with suppress(BlockingIOError, ConnectionError):
            client.end.send(byte, files)
        for file in files:
            file.release()

    def _half_close(self, number: int) -> None:
        client = self.clients.get(number)
        if client is not None and not client.half_closed and not client.outbox and not client.offering:
            client.shut_down()
            self.happened[Situation.HALF_CLOSED] += 1

    def _leave(self, number: int) -> None:
        client = self.clients.pop(number, None)
        if client is None:
            return
        if client.phase is Phase.ASKED or client.offering:
            self.happened[Situation.GONE_BEFORE_DESCRIPTOR] += 1
        if client.phase is Phase.SESSION:
            self.happened[Situation.GONE_BEFORE_DUMMY] += 1
        client.leave()

    def _drop(self, number: int) -> None:
        """A good client is done with the session in its hand."""
        client = self.clients.get(number)
        if client is not None and client.hand:
            client.hand.pop().release()

    def _hang_up(self, which: int) -> None:
        """The remote side of one of the newest sessions closes."""
        if self.sessions:
            session, remote = self.sessions[-1 - which % min(len(self.sessions), 8)]
            if remote.is_open:
                remote.release()
                self.happened[Situation.REMOTE_CLOSED] += session.is_open

    def _advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if seconds < 0:
            self.happened[Situation.CLOCK_BACK] += 1

    def _terminate(self) -> None:
        """A signal comes between two turns."""
        self._asked_to_stop = True
        self.server.stop()

    def _reload(self) -> None:
        """The status channel ends, which the daemon finds among what is ready."""
        self._asked_to_stop = True
        if self._master.is_open:
            self._master.release()

    # --- turns and what must hold after each ---

    def _turn(self, rotation: int) -> None:
        """One turn of the daemon, which finds what is ready in a rotated order."""
        self._rotation[0] = rotation
        now = self._now()
        self.books.begin_turn(now)
        if now >= self._status_due:
            self._expect_statistics(now)
        with _tracebacks():
            self.server.turn(0)
        self.turns += 1
        self.books.end_turn()
        self._check_descriptors()
        self._check_sizes()
        if self._log or self._expected_lines:
            self._check_statistics()
        self._check_waking(now)
        self._check_stopping(now)

    def _rest(self, rotation: int) -> None:
        """Turns until the daemon has nothing to do; then nobody may be waiting for it."""
        idle_turns = 0
        while True:
            moved = self.books.moved
            self._turn(rotation)
            if not self.network.wait(0):
                break
            idle_turns = idle_turns + 1 if moved == self.books.moved else 0
            if idle_turns > _RESTLESS:
                raise Violation(
                    "rest", f"the daemon has something to do, but does nothing in {idle_turns} turns"
                )
        self._check_everybody_is_served()

    def _check_descriptors(self) -> None:
        expected = 2 + self.network.streams + len(self.books.ledger)
        if len(self.network.table.files) != expected:
            raise Violation(
                "conservation",
                f"{len(self.network.table.files)} descriptors are open: 2 of its own,"
                f" {self.network.streams} clients and {len(self.books.ledger)} sessions are known",
            )

    def _check_sizes(self) -> None:
        if not self.books.changed:
            return
        cache = self.server.service.cache
        sizes = (cache.destinations, cache.endpoints, cache.sessions)
        if sizes != self.books.model.sizes():
            raise Violation("sizes", f"the cache says {sizes}, the model {self.books.model.sizes()}")

    def _expect_statistics(self, now: int) -> None:
        """An interval is over: the daemon logs it before it serves anybody, and counts from zero."""
        self._expected_lines = self.books.recount.lines(self.clock.text(self._interval_start))
        self.books.recount = Recount()
        self._interval_start = now
        self._status_due = now + self.options.status_update_time

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
            self.happened[Situation.ALL_STATISTICS] += 1

    def _check_waking(self, now: int) -> None:
        """The daemon must not sleep past what is due next."""
        wakes = now + self.server.timeout()
        due = min(self._status_due, self.books.earliest_due())
        if wakes > due:
            raise Violation("waking", f"something is due at {due}, the daemon wakes at {wakes}")

    def _check_stopping(self, now: int) -> None:
        idle = self._idle_since is not None and now >= self._idle_since + self.options.max_idle
        if self.server.stopped != (idle or self._asked_to_stop):
            what = "stops" if self.server.stopped else "doesn't stop"
            raise Violation("stopping", f"the daemon {what} at {now}, idle since {self._idle_since}")
        if self.server.stopped:
            self.happened[Situation.IDLE_END] += idle
            self._end_daemon()
        elif self.network.streams:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now

    def _check_everybody_is_served(self) -> None:
        refused_at = self.network.refused_at
        if self._listening.waiting and (refused_at is None or self._now() > refused_at):
            raise Violation("service", "a client waits to be accepted while the daemon rests")
        limit = self.options.message_limit + 4096
        for client in self.clients.values():
            if not client.accepted:
                continue
            if client.unterminated > limit and client.closed_why is None:
                raise Violation("memory", f"client {client.number} has {client.unterminated} bytes taken in")
            if client.hostile:
                continue
            unread = client.end.unread
            if client.waits and not unread and not client.end.input_ended:
                raise Violation("service", f"client {client.number} waits for {client.phase.value} in vain")
            if unread and client.phase is Phase.IDLE:
                raise Violation("replies", f"client {client.number} has got {unread} bytes for nothing")

    # --- the end of a run ---

    def finish(self) -> None:
        """Faults stop; everybody must be answered, and all must come to rest. Raises Violation."""
        for number in [number for number, client in self.clients.items() if client.hostile]:
            self._leave(number)
        for _ in range(100):
            if not self.clients:
                break
            while self._all_go_on():
                self._rest(0)
            for number in [number for number, client in self.clients.items() if not self._unfinished(client)]:
                self._leave(number)
            self._advance(1)
            self._rest(0)
        else:
            raise Violation("rest", "good clients aren't answered in 100 seconds without faults")
        self._advance(self.options.ttl_limit)
        self._rest(0)
        self._check_time_limit()
        cache = self.server.service.cache
        while (due := cache.next_due()) is not None:  # beyond a clock that went back
            self._advance(due - self.clock.now())
            self._rest(0)
        left = (cache.destinations, cache.endpoints, cache.sessions, self.server.clients)
        if left != (0, 0, 0, 0) or len(self.books.ledger):
            raise Violation("rest", f"left when all is over: {left}, {len(self.books.ledger)} descriptors")
        self._advance(self.options.max_idle)
        self._rest(0)
        if any(session.is_open for session, _ in self.sessions):
            raise Violation("conservation", "a session is still open when all is over")

    def _unfinished(self, client: Client) -> bool:
        return client.phase is not Phase.IDLE or bool(client.outbox)

    def _all_go_on(self) -> bool:
        """All clients write and read what they can; whether any could."""
        before = sum(client.progress for client in self.clients.values())
        for number in list(self.clients):
            self._write(number, 1 << 20)
            self._read(number, 1 << 20)
        return sum(client.progress for client in self.clients.values()) > before

    def _check_time_limit(self) -> None:
        """Who stops in the middle of a message is closed after ipc_timeout; who is merely connected isn't."""
        stopped, silent = -1, -2
        for number in (stopped, silent):
            self._connect(number, hostile=False)
            self._rest(0)
        while self._all_go_on():
            self._rest(0)
        stopping = self.clients.get(stopped)
        if stopping is None:
            raise Violation("closing", "a client that has just connected is closed")
        self._ask(stopped, "find_endp", b"x")
        self._write(stopped, 10)
        self._rest(0)
        self._advance(self.options.ipc_timeout)
        self._rest(0)
        if stopping.closed_why != "the time limit":
            raise Violation("time limit", "a client that stopped in the middle of a message isn't closed")
        if silent not in self.clients or self.clients[silent].closed_why is not None:
            raise Violation("time limit", "a client that asked for nothing is closed")
        for number in (stopped, silent):
            self._leave(number)
        self._rest(0)


_STEPS: dict[str, Callable[..., None]] = {
    "connect": World._connect,
    "ask": World._ask,
    "ask wrongly": World._ask_wrongly,
    "write": World._write,
    "read": World._read,
    "add": World._add,
    "attach": World._attach,
    "half-close": World._half_close,
    "leave": World._leave,
    "drop": World._drop,
    "hang up": World._hang_up,
    "advance": World._advance,
    "terminate": World._terminate,
    "reload": World._reload,
    "turn": World._turn,
    "rest": World._rest,
}
