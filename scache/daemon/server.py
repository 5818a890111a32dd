"""The event loop: timers first, then ready I/O, as Postfix's event_loop and multi_server.c have it.

The same class runs on real sockets and in simulation. No client waits for another: what a client owes is
remembered in its conversation, what can't be sent yet in its queue.
"""

from __future__ import annotations

from scache.cache.handover import Handover
from scache.cache.service import Service
from scache.checking import TYPE_CHECKING
from scache.daemon.budget import ClientMemory
from scache.daemon.clock import Moment
from scache.daemon.connection import Connection
from scache.daemon.door import Door
from scache.daemon.network import READABLE
from scache.daemon.pulse import Pulse
from scache.daemon.sessions import CachedSessions
from scache.daemon.timers import Timers
from scache.daemon.warning_limit import Warnings
from scache.protocol.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.cache.observer import Observer
    from scache.config.settings import Settings
    from scache.daemon.interfaces import Client, Clock, Network, Stream

    Handler = Callable[[int], None]
    MakeService = Callable[[Settings, CachedSessions, Callable[[str], None], Observer | None], Service]

__all__ = ["HANDOVER_TIME", "Server"]

#: Seconds after which a wait may end for nothing.
_LONGEST_WAIT = 86400.0

#: Entries that are due and dropped in one turn, besides one for each client, which may have saved another.
_DROPPED_A_TURN = 200

#: Clients with more to scan than their share, mostly junk, that go on in one turn; others wait for theirs,
#: so that all of them together delay a client at work no more than a few do.
_GO_ON_A_TURN = 4

#: Bytes that are kept free for closing clients when there is no memory left for anything else.
_RESERVE = 4 << 20

#: Seconds that the next daemon may take for each step of a handover.
HANDOVER_TIME = 10


class Server:
    """A cache that serves the clients of a network until it is stopped, or idle for too long.

    log takes the text of a line (`warning: ...`, `statistics: ...`). observer: is told what happens in the
    cache. make_service: makes what carries the requests out.
    `pulse`: of its loop, for whoever has it begin.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        settings: Settings,
        log: Callable[[str], None],
        observer: Observer | None = None,
        make_service: MakeService = Service,
    ) -> None:
        self.stopped = False
        self.pulse = Pulse()
        self._moment = Moment(clock)
        self._timers = Timers()  # by the clock on the wall, as Postfix's are
        self._limits = Timers()  # by what really passes
        self._warnings = Warnings(log, settings.warning_limit, self._moment, self._limits)
        self._clients: dict[int, Connection] = {}
        no_room = self._warnings.no_room
        self._door = Door(network, self._moment, self._limits, self._clients, settings.client_limit, no_room)
        self._network = network
        self._clock = clock
        self._settings = settings
        self._log = log
        self._status = self._history = None
        if settings.status_request:
            # Who doesn't want it doesn't pay for its imports.
            from scache.cache.observers import Observers
            from scache.daemon.status import Status

            self._status = Status(int(self._moment.wall))
            self._history = self._status.history
            observer = self._history if observer is None else Observers(observer, self._history)
        self._sessions = CachedSessions(network, settings, self._door.descriptor_free, self._call_within)
        self._service = make_service(settings, self._sessions, no_room, observer)
        self._memory = ClientMemory(settings, self._close_client)
        self._reserve = bytes(_RESERVE)  # zeroes that nobody touches take no memory, only room for it
        self._had_share: list[Connection] = []
        self._handlers: dict[int, Handler] = {}
        now = int(self._moment.wall)
        self._interval_start = now
        self._timers.set(self._log_interval, now + settings.status_update_time)
        self._start_idling(now)
        self._handlers[network.listener] = self._accept
        self._door.mind()

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def watch(self, handle: int, handler: Handler) -> None:
        """Call handler(now) in each turn in which this handle is readable."""
        self._handlers[handle] = handler
        self._network.watch(handle, READABLE)

    def unwatch(self, handle: int) -> None:
        """Look at this handle no more; to be called before it is closed."""
        del self._handlers[handle]
        self._network.unwatch(handle)

    def call_after(self, seconds: float, handler: Callable[[int], None]) -> None:
        """Call handler(now) once, as soon as so many seconds have passed; replaces its earlier request."""
        self._limits.set(handler, self._clock.monotonic() + seconds)

    def _call_within(self, seconds: float, handler: Handler) -> None:
        if handler not in self._limits:
            self.call_after(seconds, handler)

    def run(self) -> None:
        """Serve until `stop`, or until no client has been connected for max_idle seconds."""
        while not self.stopped:
            try:
                self.turn(self.timeout())
            except MemoryError:  # of nobody's request: in a wait, a timer, a signal
                self._out_of_memory(None)

    def stop(self) -> None:
        """Let `run` return after the present turn."""
        self.stopped = True

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on; clients, sessions and bindings stay as they are."""
        now = int(self._clock.now())
        self._settings = settings
        self._service.reconfigure(settings)
        self._sessions.reconfigure(settings)
        self._memory.reconfigure(settings)
        self._warnings.reconfigure(settings)
        self._door.most = settings.client_limit
        self._door.mind()
        self._timers.set(self._log_interval, now + settings.status_update_time)
        if self._clients:
            self._check_time_limits(now)
        else:
            self._start_idling(now)

    def timeout(self) -> float:
        """Seconds from the last turn's beginning to the next timer, a day at most."""
        if self._had_share:
            return 0.0
        moment = self._moment
        wait = self._timers.due - moment.wall
        cache_due = self._service.next_due()
        if cache_due is not None and cache_due - moment.wall < wait:
            wait = cache_due - moment.wall
        if self._limits.due - moment.elapsed < wait:
            wait = self._limits.due - moment.elapsed
        return 0.0 if wait < 0 else wait if wait < _LONGEST_WAIT else _LONGEST_WAIT

    def turn(self, timeout: float | None) -> None:
        """One turn of the loop: wait at most so many seconds (None: no limit), then timers, then I/O."""
        wait = self._network.wait
        ready = self.pulse.rest(wait, timeout) if self.pulse.has_beaten else wait(timeout)
        moment, clock = self._moment, self._clock
        moment.wall = clock.now()
        moment.elapsed = clock.monotonic()
        now = int(moment.wall)
        if self._history is not None and self._history.second != now:
            self._history.pass_to(now, self._service.serial)
        cache_due = self._service.next_due()
        if cache_due is not None and cache_due <= now:
            for session in self._service.expire(now, _DROPPED_A_TURN + len(ready)):
                self._sessions.close(session)
        if self._timers.due <= now:
            self._timers.run(now, now)
        if self._limits.due <= moment.elapsed:
            self._limits.run(moment.elapsed, now)
        if self.stopped:
            return
        for _ in range(min(_GO_ON_A_TURN, len(self._had_share))):
            client = self._had_share.pop(0)
            try:
                client.go_on(now)
            except MemoryError:
                self._out_of_memory(client)
        handlers = self._handlers
        for handle, _events in ready:
            handler = handlers.get(handle)
            try:
                if handler is None:
                    self._session_ready(handle)  # or an earlier one of this turn has closed it
                else:
                    handler(now)
            except MemoryError:
                self._out_of_memory(self._clients.get(handle))

    def leave_clients(self) -> None:
        """Close all clients without a word, and accept no more: the listening socket is no longer there."""
        self._door.shut()
        self._drop_clients(int(self._clock.now()))

    def take_over(self, stream: Stream, most_clients: int) -> None:
        """At the other end of this stream is the daemon before this one, a client that passes on what it has
        cached; while it does there is room for that, beside no more clients than so many.
        """
        self._door.keep_room(stream.handle, most_clients)
        self._admit(stream, int(self._clock.now()))

    def hand_over(self, stream: Stream) -> None:
        """Begin to pass what is cached to the daemon at the other end of this stream. To be called after
        `run` and `leave_clients`. The next `run` returns when it's all over, or when the other side has done
        nothing for HANDOVER_TIME seconds; then comes `close`, for what is left.
        """
        self.pulse.beat()  # in another process, perhaps, which has inherited no timer
        self._moment.elapsed = self._clock.monotonic()  # some time may have passed since the last turn
        now = int(self._clock.now())
        handover = Handover(self._service.take_next, self._settings.dialect, now)
        connection = Connection(
            self._network,
            stream,
            handover,
            self._moment,
            ClientMemory(self._settings, lambda _client, _what: None),  # it's we who send: nobody is to blame
            self._warnings.warn,
            self._had_share.append,
            self._handover_over,
        )
        self.stopped = False
        self._timers.cancel(self._stop_idling)
        self._clients[stream.handle] = connection
        self._handlers[stream.handle] = connection.ready

        def give_up(now: int) -> None:
            left = connection.last_heard + HANDOVER_TIME - self._moment.elapsed
            if left > 0:
                self.call_after(left, give_up)
            else:
                connection.drop(now)

        self.call_after(HANDOVER_TIME, give_up)
        connection.open(now)

    def _handover_over(self, handle: int, _now: int) -> None:
        del self._clients[handle], self._handlers[handle]
        self.stop()

    def log_statistics(self) -> None:
        """Log what was counted since the last time."""
        self._log_statistics(int(self._clock.now()))

    def close(self) -> None:
        """Log the statistics, close all clients and sessions (multi_server_exit)."""
        now = int(self._clock.now())
        self._log_statistics(now)
        self.pulse.start()
        self._drop_clients(now)
        for session in self._service.clear():
            self._sessions.close(session)
        self._sessions.hear_out(self._clock.monotonic)
        self.pulse.stop()
        self._warnings.sum_up()

    def _drop_clients(self, now: int) -> None:
        for client in list(self._clients.values()):
            client.drop(now)

    def _session_ready(self, handle: int) -> None:
        """The remote side of a session has closed it, or has said something: of this very one, as none is
        watched in the turn in which it comes, when its number may have been another's.
        """
        session = self._sessions.watched.get(handle)
        if session is not None:
            self._service.ended(session)
        elif handle in self._sessions.leaving:
            self._sessions.answered(handle)

    def _close_client(self, client: Client, what: str) -> None:
        """A client makes us hold more than its share."""
        self._warnings.no_room(f"client closed: too many bytes of {what}")
        client.drop(int(self._moment.wall))

    def _out_of_memory(self, served: Connection | None) -> None:
        """There was no memory for what this client asked for, and part of it is lost: it is closed, as is who
        holds most. From now on clients may hold less, so that it doesn't happen again.
        """
        self._reserve = b""
        self._warnings.no_room("client closed: out of memory")
        for client in (served, *self._memory.shrink()):
            if client is not None and client in self._clients.values():
                client.drop(int(self._moment.wall))
        try:
            self._reserve = bytes(_RESERVE)
        except MemoryError:  # without it until the next time
            return

    def _tell(self, label: bytes) -> bytes:
        """The answer to a `request=status`."""
        assert self._status is not None, "else nobody is answered"
        return self._status.answer(self._service, self._settings, self.clients, label)

    def _forget(self, handle: int, now: int) -> None:
        """A client's connection is closed."""
        del self._clients[handle], self._handlers[handle]
        self._door.went_out(handle)
        if not self._clients:
            self._limits.cancel(self._check_time_limits)
            self._start_idling(now)

    def _start_idling(self, now: int) -> None:
        self._timers.cancel(self._stop_idling)
        if self._settings.max_idle:
            self._timers.set(self._stop_idling, now + self._settings.max_idle)

    def _stop_idling(self, _now: int) -> None:
        self.stop()

    def _accept(self, now: int) -> None:
        stream = self._door.newcomer()
        if stream is not None:
            self._admit(stream, now)

    def _admit(self, stream: Stream, now: int) -> None:
        settings = self._settings
        status = self._tell if self._status is not None else None
        conversation = Conversation(
            self._service, settings.dialect, settings.path, settings.message_limit, status
        )
        client = Connection(
            self._network,
            stream,
            conversation,
            self._moment,
            self._memory,
            self._warnings.warn,
            self._had_share.append,
            self._forget,
        )
        self._clients[stream.handle] = client
        self._handlers[stream.handle] = client.ready
        self._timers.cancel(self._stop_idling)
        self._call_within(settings.ipc_timeout, self._check_time_limits)
        client.open(now)
        self._door.came_in()

    def _check_time_limits(self, now: int) -> None:
        """Look through the clients, no more often than the limit: a request doesn't pay for it."""
        limit = self._settings.ipc_timeout
        elapsed = self._clock.monotonic()
        due = elapsed + limit
        for client in [client for client in self._clients.values() if client.waiting]:
            if client.last_heard + limit <= elapsed:
                client.time_out(now)
            else:
                due = min(due, client.last_heard + limit)
        if self._clients:
            self._limits.set(self._check_time_limits, due)

    def _log_interval(self, now: int) -> None:
        self._log_statistics(now)
        self._timers.set(self._log_interval, now + self._settings.status_update_time)

    def _log_statistics(self, now: int) -> None:
        for line in self._service.take_statistics(self._clock.text(self._interval_start)):
            self._log(line)
        self._interval_start = now
