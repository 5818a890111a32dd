"""The world: the unchanged server, its clients and its faults, moved by concrete steps.

A step is a name and its arguments. Steps that don't apply (the client isn't there, or isn't ready for it) do
nothing, so any part of a list of steps is a list of steps again, which shrinking relies on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from conformance.simulation.actors.client import Client
from conformance.simulation.actors.options import Options, Parameter
from conformance.simulation.actors.phase import Phase
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from conformance.simulation.world.leaving import Leaving
from conformance.simulation.world.life import Life
from conformance.simulation.world.step import Step, StepName
from conformance.simulation.world.tracing import Scribe
from scache.simulated import Listener, OpenFile, StreamSocket, socket_pair
from scache.simulated.clock import VirtualClock
from scache.trace.format.events import Event

__all__ = ["START", "World"]

#: When every world begins, in seconds since the epoch.
START = 1_800_000_000

#: Turns without a read, a write, an accept or a close after which a daemon that isn't at rest is restless.
_RESTLESS = 10


class World:
    """One run. note takes each line of the event log, record each event of the clients' traffic."""

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
        self.settings = options.settings(options.parameters)
        self._handovers = 0
        self.life = self._next_life()
        self.leaving: list[Leaving] = []  # those before it that hand over

    def _next_life(self) -> Life:
        return Life(
            self.options,
            self.settings,
            self.clock,
            self._listening,
            self._connecting,
            self.happened,
            self._note,
            self._handing_over,
        )

    def perform(self, step: Step) -> None:
        """Carry out one step. Raises Violation."""
        if self._note is not None:
            self._note(repr(step))
        name, *arguments = step
        _STEPS[name](self, *arguments)

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
        client.heard_at = self.clock.monotonic()
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

    def _ask_behind(self, number: int) -> None:
        client = self._idle(number)
        if client is not None and not client.outbox:
            self.requests += 2
            self.happened[Situation.BEHIND_THE_BUFFER] += 1
            client.ask_behind()

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
        remote = self._remote(which)
        if remote is not None:
            remote.release()
            self.happened[Situation.REMOTE_CLOSED] += 1

    def _all_hang_up(self) -> None:
        """The remote sides of all cached sessions close."""
        for session in self.life.books.model.sessions:
            assert isinstance(session.handle, StreamSocket), "clients of the world save nothing else"
            if session.handle.peer.is_open:
                session.handle.peer.release()
                self.happened[Situation.REMOTE_CLOSED] += 1

    def _speak(self, which: int) -> None:
        """The remote side of one of the newest sessions says something that nobody asked for."""
        remote = self._remote(which)
        if remote is not None:
            with suppress(BlockingIOError, ConnectionError):
                remote.send(b"421 closing\r\n")
                self.happened[Situation.REMOTE_SPOKE] += 1

    def _remote(self, which: int) -> StreamSocket | None:
        """The remote side of one of the newest sessions that are open on both sides."""
        newest = [remote for session, remote in self.sessions[-100:] if session.is_open and remote.is_open]
        return newest[-1 - which % min(len(newest), 8)] if newest else None

    def _advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        if seconds < 0:
            self.happened[Situation.CLOCK_BACK] += 1

    def _set_clock_forth(self, seconds: int) -> None:
        self.clock.set(self.clock.now() + seconds)
        self.happened[Situation.CLOCK_SET_FORTH] += 1

    def _reconfigure(self, parameters: tuple[Parameter, ...]) -> None:
        """main.cf changes, and the daemon is told; who starts later reads it, too."""
        self.settings = self.options.settings(parameters)
        self.life.reconfigure(self.settings)

    def _terminate(self, which: int) -> None:
        """SIGTERM comes, to the daemon or to one before it that hands over."""
        which %= 1 + len(self.leaving)
        if which:
            self.leaving[which - 1].terminate()
        else:
            self.life.terminate()

    def _kill(self, which: int) -> None:
        """SIGKILL comes, likewise."""
        self.happened[Situation.KILLED] += 1
        which %= 1 + len(self.leaving)
        if which:
            self.leaving.pop(which - 1).life.kill()
        else:
            self.life.kill()
            self.life = self._next_life()

    def _turn(self, rotation: int) -> None:
        """One turn of the daemon, and of those that hand over to it; after its last one, the next starts."""
        self.turns += 1
        if rotation % 2:
            self.leaving = [leaving for leaving in self.leaving if leaving.turn()]
        if not self.life.turn(rotation):
            self._end_life()
        if not rotation % 2:
            self.leaving = [leaving for leaving in self.leaving if leaving.turn()]

    def _end_life(self) -> None:
        life = self.life
        if life.hands_over:
            self.happened[Situation.HANDED_ON] += bool(self.leaving)
            self.leaving.append(Leaving(life, self.clock, self.happened))
        else:
            life.end()
        self.life = self._next_life()

    def _handing_over(self, end: StreamSocket) -> Client:
        """A daemon that hands over, as the next one sees it: one more client."""
        self._handovers += 1
        client = Client(-100 - self._handovers, end, self.options, self.happened, hostile=False)
        client.heard_at = self.clock.monotonic()
        client.hands_over = True
        return client

    def _rest(self, rotation: int) -> None:
        """Turns until the daemon has nothing to do; then nobody may be waiting for it."""
        idle_turns = 0
        while True:
            before = self._progress()
            self._turn(rotation)
            if not self.life.is_ready and not any(leaving.is_ready for leaving in self.leaving):
                break
            idle_turns = idle_turns + 1 if self._progress() == before else 0
            if idle_turns > _RESTLESS:
                raise Violation("rest", f"something is to do, but nothing is done in {idle_turns} turns")
        self.life.check_accepting()
        for leaving in self.leaving:
            leaving.check_served()
        for client in self.clients.values():
            client.check_served()

    def _progress(self) -> list[tuple[Life, int]]:
        lives = [self.life, *(leaving.life for leaving in self.leaving)]
        return [(life, life.books.moved) for life in lives]


_STEPS: dict[StepName, Callable[..., None]] = {
    "connect": World._connect,
    "ask": World._ask,
    "ask wrongly": World._ask_wrongly,
    "ask behind": World._ask_behind,
    "write": World._write,
    "read": World._read,
    "add": World._add,
    "attach": World._attach,
    "half-close": World._half_close,
    "leave": World._leave,
    "drop": World._drop,
    "hang up": World._hang_up,
    "all hang up": World._all_hang_up,
    "speak": World._speak,
    "advance": World._advance,
    "set clock forth": World._set_clock_forth,
    "reconfigure": World._reconfigure,
    "terminate": World._terminate,
    "kill": World._kill,
    "reload": lambda world: world.life.reload(),
    "turn": World._turn,
    "rest": World._rest,
}
