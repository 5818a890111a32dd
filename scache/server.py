"""The event loop: timers first, then ready I/O, as Postfix's event_loop and multi_server.c have it.

The same class runs on real sockets and in simulation. No client waits for another: what a client owes is
remembered in its conversation, what can't be sent yet in its queue.
"""

from __future__ import annotations

from scache.conversation import Close, Conversation, Discard, HandOver, Warn, Write
from scache.network import READABLE, WRITABLE
from scache.service import Service

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scache.conversation import Action
    from scache.interfaces import Clock, Network, Stream
    from scache.settings import Settings

__all__ = ["Server"]

#: Seconds without accepting after descriptors were used up.
_ACCEPT_PAUSE = 1


class _Client:
    """One connection: its stream, its conversation, and the actions that a full socket holds up."""

    __slots__ = (
        "_conversation",
        "_held_up",
        "_network",
        "_receive",
        "_send",
        "_server",
        "_stream",
        "last_heard",
    )

    def __init__(self, server: Server, stream: Stream, conversation: Conversation) -> None:
        self._server = server
        self._network = server.network
        self._stream = stream
        self._conversation = conversation
        self._receive = stream.receive
        self._send = stream.send
        self._held_up: Sequence[Action] = ()
        self.last_heard = 0

    @property
    def waiting(self) -> bool:
        """Whether the client is in the middle of something, so that the time limit counts."""
        return bool(self._held_up) or self._conversation.waiting

    def open(self, now: int) -> None:
        self.last_heard = now
        self._network.watch(self._stream.handle, READABLE)
        self._perform(self._conversation.open(), now)

    def ready(self, now: int) -> None:
        """The stream has become readable, or writable where actions are held up."""
        self.last_heard = now
        if self._held_up:
            actions, self._held_up = self._held_up, ()
            self._network.watch(self._stream.handle, READABLE)
        else:
            conversation = self._conversation
            try:
                if conversation.descriptor_due:
                    data, descriptors = self._stream.receive_descriptors()
                    if data:
                        actions = conversation.receive_descriptors(descriptors, now)
                    else:
                        actions = conversation.end(now)
                else:
                    data = self._receive(conversation.read_limit)
                    actions = conversation.receive(data, now) if data else conversation.end(now)
            except BlockingIOError:
                return
            except ConnectionError:  # the peer has closed with bytes unread: an end of input like any other
                actions = conversation.end(now)
        if actions:
            self._perform(actions, now)

    def _perform(self, actions: Sequence[Action], now: int) -> None:
        for position, action in enumerate(actions):
            if isinstance(action, Write):
                rest = self._write(action.data)
                if rest:
                    self._hold_up([Write(rest), *actions[position + 1 :]])
                    return
            elif isinstance(action, HandOver):
                try:
                    self._stream.send_descriptor(action.descriptor)
                    error: str | None = None
                except BlockingIOError:
                    self._hold_up(actions[position:])
                    return
                except OSError as failure:
                    error = failure.strerror
                self._network.close(action.descriptor)
                self._perform(self._conversation.handed_over(now, error), now)
            elif isinstance(action, Warn):
                self._server.log(action.text)
            elif isinstance(action, Discard):
                self._network.close(action.descriptor)
            elif isinstance(action, Close):
                self._close(now)

    def _write(self, data: bytes) -> bytes:
        """Send; returns what the socket doesn't take yet. To a client that has gone, nothing is owed."""
        try:
            return data[self._send(data) :]
        except BlockingIOError:
            return data
        except ConnectionError:
            return b""

    def _hold_up(self, actions: Sequence[Action]) -> None:
        self._held_up = actions
        self._network.watch(self._stream.handle, WRITABLE)

    def _close(self, now: int) -> None:
        self._network.unwatch(self._stream.handle)
        self._stream.close()
        self._server.forget(self._stream.handle, now)

    def time_out(self, now: int) -> None:
        """The client has exceeded ipc_timeout: close, with no more than one try to tell it."""
        for text in self._abandon(now, timed_out=True):
            self._server.log(text)
        self._close(now)

    def drop(self, now: int) -> None:
        """The daemon ends."""
        self._abandon(now, timed_out=False)
        self._close(now)

    def _abandon(self, now: int, *, timed_out: bool) -> list[str]:
        """Close the descriptors that are under way; returns the warnings that this gives."""
        actions = list(self._held_up)
        if any(isinstance(action, HandOver) for action in actions):
            actions += self._conversation.handed_over(now, "Connection timed out")
        actions += self._conversation.end(now, timed_out=timed_out)
        warnings = []
        for action in actions:
            if isinstance(action, HandOver | Discard):
                self._network.close(action.descriptor)
            elif isinstance(action, Write):
                self._write(action.data)
            elif isinstance(action, Warn):
                warnings.append(action.text)
        return warnings


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
        self.service = Service(settings.ttl_limit)
        self.stopped = False
        self._clock = clock
        self._clients: dict[int, _Client] = {}
        self._handlers: dict[int, Callable[[int], None]] = {}
        now = int(clock.now())
        self._interval_start = now
        self._status_due = now + settings.status_update_time
        self._idle_due: int | None = None
        self._limit_due: int | None = None  # no client exceeds ipc_timeout before
        self._accept_due: int | None = None  # when to accept again after descriptors were used up
        self._start_idling(now)
        self.watch(network.listener, self._accept)

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def watch(self, handle: int, handler: Callable[[int], None]) -> None:
        """Call handler(now) in each turn in which this handle is readable."""
        self._handlers[handle] = handler
        self.network.watch(handle, READABLE)

    def run(self) -> None:
        """Serve until `stop`, or until no client has been connected for max_idle seconds."""
        while not self.stopped:
            self.turn(self._timeout())

    def stop(self) -> None:
        """Let `run` return after the present turn."""
        self.stopped = True

    def turn(self, timeout: float | None) -> None:
        """One turn of the loop: wait at most so many seconds (None: no limit), then timers, then I/O."""
        ready = self.network.wait(timeout)
        now = int(self._clock.now())
        self._run_timers(now)
        if self.stopped:
            return
        handlers = self._handlers
        for handle, _events in ready:
            handler = handlers.get(handle)  # none where an earlier one of this turn closed it
            if handler is not None:
                handler(now)

    def close(self) -> None:
        """Log the statistics, close all clients and sessions (multi_server_exit)."""
        now = int(self._clock.now())
        self._log_statistics(now)
        for client in list(self._clients.values()):
            client.drop(now)
        for descriptor in self.service.cache.clear():
            self.network.close(descriptor)

    def forget(self, handle: int, now: int) -> None:
        """A client's connection is closed."""
        del self._clients[handle], self._handlers[handle]
        if not self._clients:
            self._limit_due = None
            self._start_idling(now)

    def _start_idling(self, now: int) -> None:
        if self.settings.max_idle:
            self._idle_due = now + self.settings.max_idle

    def _accept(self, now: int) -> None:
        try:
            stream = self.network.accept()
        except (BlockingIOError, ConnectionError):
            return  # it went away before we came to it
        except OSError as failure:
            self.log(f"warning: accept connection: {failure.strerror}")
            self.network.unwatch(self.network.listener)
            self._accept_due = now + _ACCEPT_PAUSE
            return
        settings = self.settings
        conversation = Conversation(self.service, settings.dialect, settings.path, settings.message_limit)
        client = _Client(self, stream, conversation)
        self._clients[stream.handle] = client
        self._handlers[stream.handle] = client.ready
        self._idle_due = None
        if self._limit_due is None:
            self._limit_due = now + settings.ipc_timeout
        client.open(now)

    def _timeout(self) -> float:
        """Seconds until the next timer is due."""
        due = self._status_due
        for other in (self.service.cache.next_due(), self._idle_due, self._limit_due, self._accept_due):
            if other is not None and other < due:
                due = other
        return max(0.0, due - self._clock.now())

    def _run_timers(self, now: int) -> None:
        cache_due = self.service.cache.next_due()
        if cache_due is not None and cache_due <= now:
            for descriptor in self.service.cache.expire(now):
                self.network.close(descriptor)
        if self._status_due <= now:
            self._log_statistics(now)
            self._status_due = now + self.settings.status_update_time
        if self._idle_due is not None and self._idle_due <= now:
            self.stop()
        if self._limit_due is not None and self._limit_due <= now:
            self._check_time_limits(now)
        if self._accept_due is not None and self._accept_due <= now:
            self._accept_due = None
            self.network.watch(self.network.listener, READABLE)

    def _check_time_limits(self, now: int) -> None:
        """Look through the clients, no more often than the limit: a request doesn't pay for it."""
        limit = self.settings.ipc_timeout
        due = now + limit
        for client in [client for client in self._clients.values() if client.waiting]:
            if client.last_heard + limit <= now:
                client.time_out(now)
            else:
                due = min(due, client.last_heard + limit)
        self._limit_due = due if self._clients else None

    def _log_statistics(self, now: int) -> None:
        statistics = self.service.statistics
        for line in statistics.lines(self._clock.text(self._interval_start)):
            self.log(line)
        statistics.reset()
        self._interval_start = now
