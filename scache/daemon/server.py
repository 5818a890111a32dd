"""The event loop: timers first, then ready I/O, as Postfix's event_loop and multi_server.c have it.

The same class runs on real sockets and in simulation. No client waits for another: what a client owes is
remembered in its conversation, what can't be sent yet in its queue.
"""

from __future__ import annotations

import sys

from scache.cache.service import Service
from scache.daemon.connection import Connection
from scache.daemon.network import READABLE
from scache.protocol.conversation import Conversation

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from collections.abc import Callable

    from scache.config.settings import Settings
    from scache.daemon.interfaces import Clock, Network

    Handler = Callable[[int], Callable[[int], None] | None]

__all__ = ["Server"]

#: A second that never comes, and before which everything falls due.
END_OF_TIME = sys.maxsize

#: Seconds after which a wait may end for nothing.
_LONGEST_WAIT = 86400.0

#: Seconds without accepting after descriptors were used up.
_ACCEPT_PAUSE = 1


class Server:
    """A cache that serves the clients of a network until it is stopped, or idle for too long.

    log takes the text of a line (`warning: ...`, `statistics: ...`).
    """

    def __init__(
        self, network: Network, clock: Clock, settings: Settings, log: Callable[[str], None]
    ) -> None:
        self.network = network
        self.log = log
        self.settings = settings
        self.service = Service(settings, network.hung_up, network.close)
        self.stopped = False
        self._clock = clock
        self._clients: dict[int, Connection] = {}
        self._handlers: dict[int, Handler] = {}
        self._cache_due = self.service.cache.next_due
        self._now = clock.now()
        now = int(self._now)
        self._interval_start = now
        self._timers: dict[Callable[[int], None], int] = {}
        self._timer_due = now  # the earliest of them
        self.set_timer(self._log_interval, now + settings.status_update_time)
        self._start_idling(now)
        self.watch(network.listener, self._accept)

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def watch(self, handle: int, handler: Handler) -> None:
        """Call handler(now) in each turn in which this handle is readable.

        What it returns, if anything, is called with `now` at the end of the turn.
        """
        self._handlers[handle] = handler
        self.network.watch(handle, READABLE)

    def set_timer(self, handler: Callable[[int], None], due: int) -> None:
        """Call handler(now) once in the first turn of this second or later; replaces its earlier request."""
        self._timers[handler] = due
        self._timer_due = min(self._timers.values())

    def cancel_timer(self, handler: Callable[[int], None]) -> None:
        """Withdraw a request, if there is one."""
        self._timers.pop(handler, None)
        self._timer_due = min(self._timers.values(), default=END_OF_TIME)

    def run(self) -> None:
        """Serve until `stop`, or until no client has been connected for max_idle seconds."""
        while not self.stopped:
            self.turn(self.timeout())

    def stop(self) -> None:
        """Let `run` return after the present turn."""
        self.stopped = True

    def reconfigure(self, settings: Settings) -> None:
        """Go by other settings from now on; clients, sessions and bindings stay as they are."""
        now = int(self._clock.now())
        self.settings = self.service.settings = settings
        self.service.cache.ttl_limit = settings.ttl_limit
        self.set_timer(self._log_interval, now + settings.status_update_time)
        if self._clients:
            self._check_time_limits(now)
        else:
            self._start_idling(now)

    def timeout(self) -> float:
        """Seconds from the last turn's beginning to the next timer, a day at most."""
        due = self._timer_due
        cache_due = self._cache_due()
        if cache_due is not None and cache_due < due:
            due = cache_due
        return min(max(0.0, due - self._now), _LONGEST_WAIT)

    def turn(self, timeout: float | None) -> None:
        """One turn of the loop: wait at most so many seconds (None: no limit), then timers, then I/O."""
        ready = self.network.wait(timeout)
        self._now = self._clock.now()
        now = int(self._now)
        cache_due = self._cache_due()
        if cache_due is not None and cache_due <= now:
            self._expire(now)
        if self._timer_due <= now:
            self._run_timers(now)
            if self.stopped:
                return
        # All are heard before the first is answered: a client that an answer wakes is at work on it while the
        # others' answers go out, instead of falling asleep and being woken for each.
        answers = []
        for handle, _events in ready:
            handler = self._handlers.get(handle)  # none where an earlier one of this turn closed it
            if handler is not None and (answer := handler(now)) is not None:
                answers.append(answer)
        for answer in answers:
            answer(now)

    def close(self) -> None:
        """Log the statistics, close all clients and sessions (multi_server_exit)."""
        now = int(self._clock.now())
        self._log_statistics(now)
        for client in list(self._clients.values()):
            client.drop(now)
        self._expire(END_OF_TIME)

    def _expire(self, now: float) -> None:
        goodbye = self.settings.goodbye
        for descriptor in self.service.cache.expire(now):
            if goodbye:
                self.network.tell(descriptor, goodbye)
            self.network.close(descriptor)
            self._resume_accepting()

    def _forget(self, handle: int, now: int) -> None:
        """A client's connection is closed."""
        del self._clients[handle], self._handlers[handle]
        self._resume_accepting()
        if not self._clients:
            self.cancel_timer(self._check_time_limits)
            self._start_idling(now)

    def _start_idling(self, now: int) -> None:
        self.cancel_timer(self._stop_idling)
        if self.settings.max_idle:
            self.set_timer(self._stop_idling, now + self.settings.max_idle)

    def _stop_idling(self, _now: int) -> None:
        self.stop()

    def _accept(self, now: int) -> None:
        try:
            stream = self.network.accept()
        except (BlockingIOError, ConnectionError):
            return  # it went away before we came to it
        except OSError as failure:
            self.log(f"warning: accept connection: {failure.strerror}")
            self.network.unwatch(self.network.listener)
            self.set_timer(self._accept_again, now + _ACCEPT_PAUSE)
            return
        settings = self.settings
        conversation = Conversation(self.service, settings.dialect, settings.path, settings.message_limit)
        client = Connection(self.network, stream, conversation, self.log, self._forget)
        self._clients[stream.handle] = client
        self._handlers[stream.handle] = client.ready
        self.cancel_timer(self._stop_idling)
        if self._check_time_limits not in self._timers:
            self.set_timer(self._check_time_limits, now + settings.ipc_timeout)
        client.open(now)

    def _accept_again(self, _now: int) -> None:
        self.network.watch(self.network.listener, READABLE)

    def _resume_accepting(self) -> None:
        """A descriptor is free again: if accepting pauses for want of one, its timer need not pass."""
        if self._accept_again in self._timers:
            self.cancel_timer(self._accept_again)
            self.network.watch(self.network.listener, READABLE)

    def _run_timers(self, now: int) -> None:
        """Run the timers that are due, in the order in which they fell due."""
        for handler, due in sorted(self._timers.items(), key=lambda timer: timer[1]):
            if due <= now:
                self.cancel_timer(handler)
                handler(now)

    def _check_time_limits(self, now: int) -> None:
        """Look through the clients, no more often than the limit: a request doesn't pay for it."""
        limit = self.settings.ipc_timeout
        due = now + limit
        for client in [client for client in self._clients.values() if client.waiting]:
            if client.last_heard + limit <= now:
                client.time_out(now)
            else:
                due = min(due, client.last_heard + limit)
        if self._clients:
            self.set_timer(self._check_time_limits, due)

    def _log_interval(self, now: int) -> None:
        self._log_statistics(now)
        self.set_timer(self._log_interval, now + self.settings.status_update_time)

    def _log_statistics(self, now: int) -> None:
        statistics = self.service.statistics
        for line in statistics.lines(self._clock.text(self._interval_start)):
            self.log(line)
        statistics.reset()
        self._interval_start = now
