"""One client's connection: what comes goes to its conversation, what that asks for is done to its socket."""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.daemon.network import READABLE, WRITABLE
from scache.protocol.actions import Close, Continue, Discard, HandOver, Warn, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scache.cache.handover import Handover
    from scache.daemon.budget import ClientMemory
    from scache.daemon.clock import Moment
    from scache.daemon.interfaces import Network, Stream
    from scache.protocol.actions import Action, Answer
    from scache.protocol.conversation import Conversation

__all__ = ["Connection"]

#: Bytes in a read that say that more is to come than a client of Postfix ever sends at a time.
_FULL_READ = 4096


class Connection:
    """One client's stream and conversation, and the actions that a full socket holds up.

    moment: when the present turn of the loop began. memory: what all clients hold together. warn takes the
    client's user id and the text of a line. had_share takes a connection that has had its share of this turn:
    `go_on` is to be called in a later one. closed is called once, when the connection has been closed.
    `last_heard`: when something came or went last, in seconds of the monotonic clock.
    """

    __slots__ = (
        "_closed",
        "_conversation",
        "_had_share",
        "_held_up",
        "_memory",
        "_moment",
        "_network",
        "_open",
        "_receive",
        "_send",
        "_stream",
        "_unfinished",
        "_unread",
        "_warn",
        "last_heard",
    )

    def __init__(
        self,
        network: Network,
        stream: Stream,
        conversation: Conversation | Handover,
        moment: Moment,
        memory: ClientMemory,
        warn: Callable[[int, str], None],
        had_share: Callable[[Connection], None],
        closed: Callable[[int, int], None],
    ) -> None:
        self._network = network
        self._moment = moment
        self._memory = memory
        self._warn = warn
        self._had_share = had_share
        self._closed = closed
        self._stream = stream
        self._conversation = conversation
        self._receive = stream.receive
        self._send = stream.send
        self._held_up: Sequence[Action] = ()
        self._unfinished = self._unread = 0  # what counts of this one in the memory of all clients
        self._open = True
        self.last_heard = moment.elapsed

    @property
    def waiting(self) -> bool:
        """Whether the client is in the middle of something, so that the time limit counts."""
        return bool(self._held_up) or self._conversation.waiting

    def open(self, now: int) -> None:
        """Begin the conversation."""
        self._network.watch(self._stream.handle, READABLE)
        self._answer(self._conversation.open(), now)

    def ready(self, now: int) -> None:
        """The stream has become readable, or writable where actions are held up: go on."""
        if self._held_up:
            if not isinstance(self._held_up[0], Continue):  # which waits for its turn, and not for the stream
                self.go_on(now)
            return
        self.last_heard = self._moment.elapsed
        conversation = self._conversation
        data = b""
        answer: Answer
        try:
            if conversation.descriptor_due:
                data, descriptors = self._stream.receive_descriptors()
                answer = conversation.receive_descriptors(descriptors, now) if data else conversation.end(now)
            else:
                data = self._receive(conversation.read_limit)
                answer = conversation.receive(data, now) if data else conversation.end(now)
        except BlockingIOError:
            return
        except ConnectionError:  # the peer has closed with bytes unread: an end of input like any other
            answer = conversation.end(now)
        if type(answer) is bytes:  # as nearly always, and as a rule the socket takes it
            if self._unfinished:
                self._hold_unfinished()
            try:
                sent = self._send(answer)
            except OSError:
                sent = 0  # it fails again below, where that is seen to
            if sent == len(answer):
                return
            answer = answer[sent:]
        self._answer(listed(answer), now)
        self._hold_unfinished()
        if len(data) == _FULL_READ and self._open and not self._held_up:
            self._wait_for_turn(Continue())

    def go_on(self, now: int) -> None:
        """Do what was held up, if the client is there still."""
        if not self._held_up:
            return
        self.last_heard = self._moment.elapsed
        self._network.change(self._stream.handle, READABLE)
        if self._unread:
            self._unread = 0
            self._memory.unread(self, 0)
        actions, self._held_up = self._held_up, ()
        if isinstance(actions[0], Continue):
            actions = self._conversation.go_on(now)
        self._answer(actions, now)
        self._hold_unfinished()

    def _answer(self, actions: Sequence[Action], now: int) -> None:
        """Do this, as far as the socket takes it."""
        for position, action in enumerate(actions):
            if isinstance(action, bytes):
                try:
                    sent = self._send(action)
                except BlockingIOError:
                    sent = 0
                except ConnectionError:
                    continue  # to a client that has gone, nothing is owed
                if sent < len(action):
                    self._hold_up([action[sent:], *actions[position + 1 :]])
                    return
            elif isinstance(action, HandOver):
                error: str | None = None
                try:
                    self._stream.send_descriptor(action.descriptor)
                except BlockingIOError:
                    self._hold_up(actions[position:])
                    return
                except ConnectionError as failure:
                    error = failure.strerror
                    self._network.close(action.descriptor)
                except OSError as failure:  # as where its user has too many descriptors under way
                    self._answer(self._conversation.undeliverable(now, str(failure.strerror)), now)
                    return
                else:
                    self._network.release(action.descriptor)
                following = self._conversation.handed_over(now, error)
                if following:
                    self._answer(following, now)
            elif isinstance(action, Warn):
                self._warn(self._stream.peer_user(), action.text)
            elif isinstance(action, Discard):
                self._network.close(action.descriptor)
            elif isinstance(action, Continue):
                self._wait_for_turn(action)
            elif isinstance(action, Close):
                self._close(now)

    def _wait_for_turn(self, action: Continue) -> None:
        """It has had its share of this turn, and is heard again when it is called to go on."""
        self._held_up = (action,)
        self._network.change(self._stream.handle, 0)
        self._had_share(self)

    def _hold_up(self, actions: Sequence[Action]) -> None:
        self._held_up = actions
        self._network.change(self._stream.handle, WRITABLE)
        self._unread = sum(len(action) for action in actions if isinstance(action, bytes))
        if self._unread:
            self._memory.unread(self, self._unread)  # which may close this one, or another

    def _hold_unfinished(self) -> None:
        """Count what has come of a message whose rest is due, unless that was too much already."""
        unfinished = self._conversation.unfinished
        if unfinished != self._unfinished and self._open:
            self._unfinished = unfinished
            self._memory.unfinished(self, unfinished)  # likewise

    def _close(self, now: int) -> None:
        self._open = False
        self._held_up = ()
        self._unfinished = self._unread = 0
        self._memory.gone(self)
        self._network.unwatch(self._stream.handle)
        self._stream.close()
        self._closed(self._stream.handle, now)

    def time_out(self, now: int) -> None:
        """The client has exceeded ipc_timeout: close, with no more than one try to tell it."""
        told = True
        for action in self._abandon(now, timed_out=True):
            if isinstance(action, Warn):
                self._warn(self._stream.peer_user(), action.text)
            elif isinstance(action, bytes) and told:
                try:
                    told = self._send(action) == len(action)
                except OSError:
                    told = False
        self._close(now)

    def drop(self, now: int) -> None:
        """The daemon ends: close without a word, as Postfix does."""
        self._abandon(now, timed_out=False)
        self._close(now)

    def _abandon(self, now: int, *, timed_out: bool) -> Sequence[Action]:
        """End the conversation and close the descriptors that are under way; what it would do besides."""
        actions = list(self._held_up)
        if any(isinstance(action, HandOver) for action in actions):
            actions += self._conversation.handed_over(now, "Connection timed out")
        actions += self._conversation.end(now, timed_out=timed_out)
        for action in actions:
            if isinstance(action, HandOver | Discard):
                self._network.close(action.descriptor)
        return actions
