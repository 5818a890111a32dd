"""One client's conversation, without I/O: bytes and descriptors in, actions out.

The states and what may happen in each stand in states.py. What a request means is the service's affair; what
the actions do to a socket is the server's.
"""

from __future__ import annotations

from scache.checking import TYPE_CHECKING
from scache.protocol import states
from scache.protocol.actions import Close, Continue, Discard, HandOver, Warn, listed
from scache.protocol.attributes import LIST_END, Scan, Scanner, printed
from scache.protocol.dialect import ANNOUNCEMENT, DUMMY
from scache.protocol.request import (
    FIND_DEST,
    FIND_ENDP,
    REQUESTS,
    SAVE_DEST,
    SAVED,
    STATUS,
    UNKNOWN_REQUEST,
    whole_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from scache.cache.entries import Found
    from scache.protocol.actions import Action, Answer
    from scache.protocol.dialect import Dialect
    from scache.protocol.interfaces import Requests
    from scache.protocol.request import Request

__all__ = ["Conversation"]

_TRANSITIONS = {
    (write_wait, read_wait): states.transitions(write_wait=write_wait, read_wait=read_wait)
    for write_wait in (False, True)
    for read_wait in (False, True)
}

#: Scans in one turn. A client of Postfix never needs more than four; one that sends junk may want thousands.
_SHARE = 16

#: Bytes of labels and properties that a request at work never has: more are counted while it holds them.
_MUCH = 4096

#: Bindings of a destination, beyond what a mail server has: looking through more is a client's whole share.
_MANY_BINDINGS = 100

_WANTED_REQUEST = (b"request",)
_WANTED_DUMMY = (b"dummy", LIST_END)


class Conversation:
    """The server's side of one connection.

    `descriptor_due`: the next byte has to be read alone, with the descriptor that rides on it.
    `read_limit`: else, at most so many bytes may be read at once, and only when all before was given here.
    Postfix's stream buffer has 4,096 bytes, which shows: what was read with a request is lost when its reply
    is written.
    path: how the log names the connection (`scache socket`). message_limit: longest message in bytes; the
    connection is closed beyond it, where Postfix would read on into memory.
    status: gives the answer to a STATUS about a label; None: that is an unknown request, as to Postfix.
    Times are whole seconds since the epoch.
    """

    __slots__ = (
        "_dialect",
        "_found",
        "_message_limit",
        "_outcomes",
        "_parameters",
        "_path",
        "_request",
        "_scanner",
        "_service",
        "_state",
        "_status",
        "_transitions",
        "descriptor_due",
        "read_limit",
    )

    def __init__(
        self,
        service: Requests,
        dialect: Dialect,
        path: str,
        message_limit: int,
        status: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self._service = service
        self._dialect = dialect
        self._path = path
        self._message_limit = message_limit
        self._status = status
        self._transitions = _TRANSITIONS[dialect.write_wait, dialect.read_wait]
        self._outcomes = self._transitions[states.PARAMETERS]
        self._scanner = Scanner(path)
        self._state = states.REQUEST
        self._request: Request
        self._parameters: Sequence[Any] = ()  # of a save_endp, until its descriptor comes
        self._found: Found | None = None  # from a hit until its session is sent, put back or closed
        self.descriptor_due = False
        self.read_limit = 4096 if dialect.write_wait else 1

    @property
    def waiting(self) -> bool:
        """Whether the client is in the middle of something, so that the time limit counts."""
        if self._state is states.REQUEST:
            return not self._scanner.idle
        return self._state is not states.CLOSED

    @property
    def unfinished(self) -> int:
        """Bytes of a message whose rest is due, or that wait for their turn to be scanned; and of the labels
        and properties of a request whose session hasn't come or gone yet, where they are many.
        """
        size = self._scanner.size + self._scanner.unscanned
        if self._found is not None:
            kept = sum(map(len, self._found.properties)) + len(self._found.session.endpoint.label)
        else:
            kept = sum(map(len, self._parameters[1:]))  # behind the ttl
        return size + kept if kept > _MUCH else size

    def open(self) -> Sequence[Action]:
        """The client has connected."""
        return [ANNOUNCEMENT] if self._dialect.announcement else []

    def receive(self, data: bytes, now: int) -> Answer:
        """Bytes have come (at least one, at most read_limit)."""
        if self._scanner.idle:
            # Shortcuts for what nearly every read is, one whole list that is due. The scanner finds the same.
            state = self._state
            if state is states.CONFIRMATION and data.startswith(DUMMY):
                self._state = state = self._transitions[state][states.DUMMY]
                data = data[len(DUMMY) :]  # smtp(8) sends its next request without a pause
                if not data:
                    return ()
            if state is states.REQUEST:
                whole = whole_request(data)
                if whole is not None:
                    self._request = whole[0]
                    return self._carry_out(whole[1], now)
            elif state is states.READY and data == DUMMY:
                return self._dummy_received()
        self._scanner.feed(data)
        return self._scan(now)

    def receive_descriptors(self, descriptors: Sequence[int], now: int) -> Answer:
        """The byte that was due has come, with these descriptors: one, if all is well."""
        self.descriptor_due = False
        parameters, self._parameters = self._parameters, ()
        if len(descriptors) == 1:
            ttl, label, prop = parameters
            saved = self._service.save_endp(now, ttl, label, prop, descriptors[0])
            self._go(states.RECEIVED)
            return SAVED if saved else (Discard(descriptors[0]), self._request.fail)
        self._go(states.NOT_RECEIVED)
        warning = f"warning: {self._request.service}: unable to receive file descriptor"
        return [
            *map(Discard, descriptors),
            Warn(f"{warning}: {len(descriptors)} descriptors came"),
            self._request.fail,
        ]

    def handed_over(self, now: int, error: str | None) -> Sequence[Action]:
        """The server has sent the descriptor, or has failed to, for this reason."""
        self._found = None
        if error is None:
            self._go(states.SENT)
            return () if self._scanner.idle else self._scan(now)
        self._go(states.NOT_SENT)
        return [self._not_handed_over(error), *self._scan(now)]

    def undeliverable(self, now: int, error: str) -> Sequence[Action]:
        """The server couldn't send the descriptor, for a reason that isn't the client's: the session has its
        old place again. The client is closed, as there is no answer here that it understands; in Postfix it
        waits.
        """
        assert self._found is not None  # only what was found is sent
        kept, found = self._service.take_back(now, self._found), self._found
        self._found = None
        self._go(states.NOT_SENT)
        self._go(states.END)
        lost = () if kept else (Discard(found.session.descriptor),)
        return [self._not_handed_over(error), *lost, Close()]

    def go_on(self, now: int) -> Sequence[Action]:
        """It is the turn after the one that ended with Continue."""
        return self._scan(now)

    def end(self, now: int, *, timed_out: bool = False) -> Sequence[Action]:
        """No more bytes will come: the client has closed its side, or has exceeded the time limit."""
        if self._state is states.CLOSED:
            return ()
        if self._state is states.DESCRIPTOR:
            actions = listed(self.receive_descriptors((), now))
        elif self._found is not None and self._service.put_back(now, self._found):
            self._found = None
            self._go(states.PUT_BACK)
            actions = ()
        else:
            actions = self._scanned(self._scanner.end(timed_out=timed_out), now)
        self._go(states.END)
        return [*actions, Close()]

    def _go(self, event: states.Event) -> None:
        self._state = self._transitions[self._state][event]

    def _scan(self, now: int) -> Sequence[Action]:
        """Go through what was fed, as far as it and this turn's share reach."""
        actions: list[Action] = []
        for _ in range(_SHARE):
            wanted = self._wanted()
            if wanted is None or (scan := self._scanner.scan(wanted)) is None:
                break
            actions += self._scanned(scan, now)
        else:
            return [*actions, Continue()]
        if self._scanner.size > self._message_limit:
            actions.append(Warn(f"warning: message on {self._path} exceeds {self._message_limit} bytes"))
            actions += self.end(now)
        return actions

    def _wanted(self) -> Sequence[bytes] | None:
        if self._state is states.REQUEST:
            return _WANTED_REQUEST
        if self._state is states.PARAMETERS:
            return self._request.wanted
        if self._state is states.READY or self._state is states.CONFIRMATION:
            return _WANTED_DUMMY
        return None

    def _scanned(self, scan: Scan, now: int) -> Sequence[Action]:
        """A scan has ended: what follows from it in the present state."""
        warnings = map(Warn, scan.warnings)
        if self._state is states.REQUEST:
            return [*warnings, *self._request_named(scan.values)]
        if self._state is states.PARAMETERS:
            complete = len(scan.values) == len(self._request.wanted) - 1
            self._scanner.discard()  # any answer is written: what was read behind is lost
            answer: Answer
            if not complete:
                answer = self._bad()
            elif self._request is STATUS:
                answer = [self._tell(scan.values), Continue()]  # it is long in the making
            else:
                answer = self._carry_out(scan.values, now)
        else:
            answer = self._dummy_received() if scan.values else self._dummy_missed()
        return [*warnings, *listed(answer)]

    def _request_named(self, values: Sequence[Any]) -> Sequence[Action]:
        if not values:
            self._go(states.NO_REQUEST)
            return []
        request = REQUESTS.get(values[0])
        if request is None and self._status is not None and values[0] == b"status":
            request = STATUS
        if request is None:
            self._go(states.UNKNOWN)
            self._scanner.discard()
            return [Warn(f'warning: unrecognized request: "{printed(values[0])}", ignored'), UNKNOWN_REQUEST]
        self._request = request
        self._go(states.KNOWN)
        return []

    def _bad(self) -> Sequence[Action]:
        self._state = self._outcomes[states.BAD]
        return [
            Warn(f"warning: {self._request.service}: bad or missing request parameter"),
            self._request.bad,
        ]

    def _tell(self, values: Sequence[Any]) -> bytes:
        """Answer a STATUS, which is never so urgent that it need go past the scanner."""
        assert self._status is not None  # else the request would have been unknown
        self._state = self._outcomes[states.TOLD]
        return self._request.ok % self._status(values[0])

    def _carry_out(self, values: Sequence[Any], now: int) -> Answer:
        """All parameters of the request are there, from the scanner or past it."""
        request = self._request
        if request is FIND_DEST:
            found = self._service.find_dest(values[0])
        elif request is FIND_ENDP:
            found = self._service.find_endp(values[0])
        elif values[0] <= 0:  # the ttl
            return self._bad()
        elif request is SAVE_DEST:
            saved = self._service.save_dest(now, values[0], values[1], values[2], values[3])
            self._state = self._outcomes[states.SAVE_DEST]
            return SAVED if saved else request.fail
        else:
            self._parameters = values
            self._state = self._outcomes[states.SAVE_ENDP]
            self.descriptor_due = True
            return DUMMY if self._dialect.write_wait else ()
        answer: Answer
        if found is None:
            self._state = self._outcomes[states.MISS]
            answer = request.fail
        else:
            self._found = found
            self._state = self._outcomes[states.HIT]
            reply = request.ok % found.properties
            if self._state is not states.READY:
                answer = (reply, HandOver(found.session.descriptor))
            elif len(reply) + len(found.session.endpoint.label) > _MUCH:
                answer = (reply,)  # past no shortcut: what it holds is counted
            else:
                answer = reply
        if request is FIND_DEST and self._service.looked_through > _MANY_BINDINGS:
            return [*listed(answer), Continue()]
        return answer

    def _dummy_received(self) -> Answer:
        self._go(states.DUMMY)
        return () if self._found is None else HandOver(self._found.session.descriptor)

    def _dummy_missed(self) -> Sequence[Action]:
        failed = [self._not_handed_over("no dummy came")]
        if self._found is not None:
            failed.append(Discard(self._found.session.descriptor))
            self._found = None
        self._go(states.NO_DUMMY)
        return failed

    def _not_handed_over(self, reason: str) -> Action:
        return Warn(f"warning: {self._request.service}: cannot send file descriptor: {reason}")
