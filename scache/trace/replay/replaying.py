"""Sending a trace's client side to a daemon again, and comparing its answers with the recorded ones.

Open loop: what clients send, and when, is taken from the trace, whatever the daemon answers. But a client's
bytes are not sent before the event that they led to: of two requests that were under way at once, the one
that was answered first was carried out first, and only the order of the answers tells. For the same reason a
client connects no sooner than its first answer is due. Only the confirmation of a descriptor never waits
for another client: scache(8) serves nobody before it has come.

A server that closes a connection whose client hasn't is one that ended (scache(8) never does otherwise, but
at `postfix reload` and the like): there, the replay has the daemon end and begin anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Protocol

from scache.protocol.dialect import ANNOUNCEMENT, DUMMY
from scache.trace.exchanges.messages import MessageReader, readable
from scache.trace.format.events import UNKNOWN_TOKEN, Event, Header, Kind, Side

__all__ = ["IGNORABLE", "Daemon", "Difference", "Peer", "Received", "Replay"]

#: What a comparison can be told to leave out (`scache replay --ignore`), and what that means.
IGNORABLE = {
    "announcement": "whether the server announces its protocol on accept",
    "session": "which session a descriptor belongs to",
    "end": "when and how the server closes a connection",
}

#: Events of a connection that a difference shows as what went before.
CONTEXT = 6


class Received(Protocol):
    """Bytes and sessions that have come, and whether input has ended."""

    @property
    def data(self) -> bytes: ...
    @property
    def tokens(self) -> Sequence[str]: ...
    @property
    def end(self) -> bool: ...


class Peer(Protocol):
    """One client connection to a daemon."""

    def send(self, data: bytes, tokens: Sequence[str] = ()) -> None:
        """One write; the sessions of these tokens ride on it."""

    def receive(self) -> Received:
        """What the daemon has sent; nothing only where nothing more will come by itself."""

    def shutdown(self) -> None:
        """Half-close."""

    def close(self) -> None:
        """Close the connection."""


class Daemon(Protocol):
    """A running connection cache."""

    def connect(self) -> Peer:
        """Open a client connection."""

    def advance(self, seconds: int) -> None:
        """Let so many seconds pass (negative: set the clock back)."""

    def restart(self) -> None:
        """End the daemon with all connections and sessions, and start another at the same clock."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a daemon's answer is not the recorded one. before: the connection's last events until then."""

    line: int
    event: Event
    recorded: str
    got: str
    before: tuple[str, ...]


class _Conversation:
    """A connection as it is being replayed. run: the daemon's run that it is in, once connected.

    owes_confirmation: a descriptor has come, and the client's word that it has it is held back.
    """

    def __init__(self, connect: Callable[[], tuple[Peer, int]]) -> None:
        self.run: int | None = None
        self._connect = connect
        self._peer: Peer | None = None
        self.held: list[Event] = []
        self.data = b""
        self.tokens: list[str] = []
        self.ended = False
        self.client_ended = False
        self.confirmation_due = False
        self.owes_confirmation = False
        self.past: deque[str] = deque(maxlen=CONTEXT)

    @property
    def peer(self) -> Peer:
        """The connection itself, opened when it is first needed."""
        if self._peer is None:
            self._peer, self.run = self._connect()
        return self._peer

    def receive(self) -> bool:
        """Take in what has come; False where nothing has."""
        received = self.peer.receive()
        self.data += received.data
        self.tokens += received.tokens
        self.ended = self.ended or received.end
        return bool(received.data)

    def deliver(self) -> None:
        """Connect, and send what was held back."""
        for event in self.held:
            if event.kind is Kind.DATA:
                self.peer.send(event.data, event.tokens)
            elif event.kind is Kind.END:
                self.peer.shutdown()
        self.held.clear()
        self.owes_confirmation = False

    def confirm(self) -> None:
        """Send the confirmation that is owed, and nothing of what is held back behind it."""
        if self.owes_confirmation:
            first = self.held.pop(0)
            self.peer.send(DUMMY)
            if first.data != DUMMY:
                self.held.insert(0, first._replace(data=first.data.removeprefix(DUMMY)))
            self.owes_confirmation = False


class Replay:
    """Plays the events of a trace to a daemon whose clock goes by whole seconds.

    ignored: names out of IGNORABLE. compared: how many events of the server have been compared so far;
    latest: seconds of the trace that have been played.
    """

    def __init__(self, header: Header, daemon: Daemon, ignored: Collection[str] = ()) -> None:
        self._daemon = daemon
        self._ignored = frozenset(ignored)
        self._start = header.start
        self._second = floor(header.start)
        self._run = 0
        self._conversations: dict[int, _Conversation] = {}
        self._owing: list[_Conversation] = []
        self._steps: dict[tuple[Kind, Side], Callable[[_Conversation, Event], str | None]] = {
            (Kind.DATA, Side.CLIENT): self._hold,
            (Kind.END, Side.CLIENT): self._hold,
            (Kind.CLOSE, Side.CLIENT): self._close,
            (Kind.DATA, Side.SERVER): self._compare,
            (Kind.END, Side.SERVER): self._compare_end,
            (Kind.CLOSE, Side.SERVER): self._compare_close,
        }
        self.compared = 0
        self.latest = 0.0
        for connection in header.continued:
            self._continue(connection, header)

    def play(self, events: Iterable[Event], line: Callable[[], int]) -> Iterator[Difference]:
        """Play all events. line: number of the present event's line in its file."""
        for event in events:
            self.latest = event.at
            self._pass_time(event.at)
            if event.kind is Kind.OPEN:
                self._conversations[event.connection] = _Conversation(self._connect)
                continue
            conversation = self._conversations[event.connection]
            got = self._steps[event.kind, event.side](conversation, event)
            if got is not None:
                yield Difference(line(), event, _said(event), got, tuple(conversation.past))
            conversation.past.append(f"{event.side.value}: {_said(event)}")
            if event.kind is Kind.CLOSE:
                del self._conversations[event.connection]

    def close(self) -> None:
        """Close the connections that the trace leaves open."""
        for conversation in self._conversations.values():
            self._deliver(conversation)
            conversation.peer.close()
        self._conversations.clear()

    def _continue(self, connection: int, header: Header) -> None:
        """Open a connection that an earlier part of the recording opened, announcement included."""
        conversation = self._conversations[connection] = _Conversation(self._connect)
        while header.dialect.announcement and conversation.data != ANNOUNCEMENT and conversation.receive():
            pass
        conversation.data = b""

    def _connect(self) -> tuple[Peer, int]:
        return self._daemon.connect(), self._run

    def _pass_time(self, at: float) -> None:
        second = floor(self._start + at)
        if second != self._second:
            self._settle_debts()
            self._daemon.advance(second - self._second)
            self._second = second

    def _hold(self, conversation: _Conversation, event: Event) -> str | None:
        if conversation.confirmation_due and not conversation.held and event.data.startswith(DUMMY):
            conversation.owes_confirmation = True
            self._owing.append(conversation)
        conversation.held.append(event)
        conversation.client_ended = event.kind is Kind.END
        return None

    def _close(self, conversation: _Conversation, _event: Event) -> str | None:
        self._deliver(conversation)
        conversation.peer.close()
        return None

    def _deliver(self, conversation: _Conversation) -> None:
        """Send what a client has held back, and before that what others owe the daemon."""
        self._settle_debts(conversation)
        conversation.deliver()

    def _settle_debts(self, but_of: _Conversation | None = None) -> None:
        for conversation in self._owing:
            if conversation is not but_of:
                conversation.confirm()
        self._owing.clear()

    def _compare(self, conversation: _Conversation, event: Event) -> str | None:
        """What came instead of the recorded bytes and descriptors; None where they came."""
        self.compared += 1
        conversation.confirmation_due = bool(event.tokens)
        wanted = event.data
        if "announcement" in self._ignored and wanted.startswith(ANNOUNCEMENT):
            wanted = wanted.removeprefix(ANNOUNCEMENT)
        if len(conversation.data) < len(wanted):
            self._deliver(conversation)
            while len(conversation.data) < len(wanted) and conversation.receive():
                self._skip_announcement(conversation)
        self._skip_announcement(conversation)
        data, tokens = conversation.data[: len(wanted)], conversation.tokens[: len(event.tokens)]
        if data == wanted and self._same_sessions(event.tokens, tokens):
            del conversation.tokens[: len(tokens)]
            conversation.data = conversation.data[len(wanted) :]
            return None
        got = _said(event._replace(data=conversation.data, tokens=tuple(conversation.tokens)))
        conversation.data, conversation.tokens = b"", []
        return got

    def _skip_announcement(self, conversation: _Conversation) -> None:
        if "announcement" in self._ignored:
            conversation.data = conversation.data.removeprefix(ANNOUNCEMENT)

    def _same_sessions(self, recorded: Sequence[str], got: Sequence[str]) -> bool:
        if len(recorded) != len(got):
            return False
        if "session" in self._ignored:
            return True
        return all(want in (UNKNOWN_TOKEN, token) for want, token in zip(recorded, got, strict=True))

    def _compare_end(self, conversation: _Conversation, _event: Event) -> str | None:
        if "end" in self._ignored:
            return None
        self.compared += 1
        self._deliver(conversation)
        while not conversation.ended and conversation.receive():
            pass
        return None if conversation.ended else "the connection stays open"

    def _compare_close(self, conversation: _Conversation, event: Event) -> str | None:
        if not conversation.client_ended:
            conversation.held.clear()  # what the server never read
            if conversation.run == self._run:
                self._run += 1
                self._daemon.restart()
        got = self._compare_end(conversation, event)
        conversation.peer.close()
        return got


def _said(event: Event) -> str:
    """An event in a few words, for a person."""
    if event.kind is not Kind.DATA:
        return str(event.kind.value)
    reader = MessageReader()
    messages = reader.feed(event.data, event.tokens) + reader.finish()
    return "; ".join(map(readable, messages)) or "nothing"
