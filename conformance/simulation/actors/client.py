"""A client in the world: a good one knows what it must be answered, of a hostile one only the daemon's state
counts.
"""

from __future__ import annotations

from collections import Counter, deque

from conformance.contract.wire import ANNOUNCEMENT, DUMMY, FAIL, WRONG_REQUESTS, request_bytes
from conformance.simulation.actors.end import End
from conformance.simulation.actors.options import Options
from conformance.simulation.actors.phase import Phase
from conformance.simulation.actors.reason import Reason
from conformance.simulation.checks.situation import Situation
from conformance.simulation.checks.violation import Violation
from scache.simulated import OpenFile

__all__ = ["Client"]


#: Bytes that a daemon reads at a time.
_READ_AT_ONCE = 4096

#: Bytes of the labels and properties of a request that the daemon doesn't count while it holds them.
_NOT_COUNTED = 4096

#: How the answer to a bad request begins.
_BAD = b"status\x001"

#: Bytes of answers to what came in one read, but for the first, whose size is known.
_FURTHER_ANSWERS = 600

#: What is counted of the reasons for which connections are closed.
_SITUATIONS = {
    Reason.TIME_LIMIT: Situation.TIME_LIMIT,
    Reason.MESSAGE_LIMIT: Situation.MESSAGE_LIMIT,
    Reason.UNFINISHED: Situation.UNFINISHED,
    Reason.UNREAD: Situation.UNREAD,
}


class Client:
    """One connection, seen from the client's side and, where the daemon works on it, from the daemon's.

    outbox: bytes not written yet. offered: the session to be sent behind them. hand: sessions it holds.
    """

    def __init__(
        self, number: int, end: End, options: Options, happened: Counter[Situation], *, hostile: bool
    ) -> None:
        self.number = number
        self.end = end
        self.options = options
        self.hostile = hostile
        self.happened = happened
        self.dialect = dialect = options.dialect
        self.phase = Phase.GREETING if dialect.announcement else Phase.IDLE
        self.answer: bytes | None = ANNOUNCEMENT if dialect.announcement else None
        self.inbox = b""
        self.outbox = b""
        self.offered: OpenFile | None = None
        self.offering = False
        self.promised: OpenFile | None = None
        self.hand: list[OpenFile] = []
        self.asked: deque[tuple[object, ...]] = deque()
        self._to_save: deque[OpenFile] = deque()  # the sessions of those that save one
        self.progress = 0  # grows with everything written or read
        # What the daemon's side has seen.
        self.accepted = False
        self.gone = False
        self.half_closed = False
        self.ended = False
        self.blocked = False
        self.unread = 0  # bytes of an answer that the socket hasn't taken
        #: When the daemon last read from it or wrote to it, in this turn or before it, by what really passes.
        self.heard_at = 0.0
        self._heard_in = 0
        self._heard_before = 0.0
        self.taken_in = 0
        self.unterminated = 0
        self._since_answer = 0  # bytes taken in since the last answer
        self.kept = (
            0  # bytes of a request whose session hasn't come or gone: of a good client all, else at most
        )
        self.closed_why: Reason | None = None
        self.hands_over = False  # it is a daemon that passes on what it has cached

    # --- the client's own moves ---

    @property
    def waits(self) -> bool:
        """Whether it is the daemon's turn to send something."""
        return self.phase is not Phase.IDLE and not self.outbox and not self.offering and not self.ended

    def ask(self, kind: str, parameters: tuple[bytes | int, ...], session: OpenFile | None) -> None:
        """Begin a request; a final dummy that still waits to be written goes glued in front of it."""
        self.outbox += request_bytes(kind, *parameters)
        self.asked.append((kind, *parameters))
        self.phase = Phase.REPLY
        self.answer = None
        if session is not None:
            self.offered = session
            self._to_save.append(session)
            if self.dialect.write_wait:
                self.phase = Phase.ASKED
                self.answer = DUMMY
            else:
                self.offering = True

    def pass_on(self, request: tuple[object, ...], session: OpenFile | None) -> None:
        """It is a daemon that hands over; its next request is this one, which saves that session."""
        self.asked.append(request)
        if session is not None:
            self._to_save.append(session)

    def ask_wrongly(self, which: int) -> None:
        """Send one of the requests that nothing is carried out for."""
        request, self.answer = WRONG_REQUESTS[which % len(WRONG_REQUESTS)]
        self.outbox += request
        self.phase = Phase.REPLY

    def ask_behind(self) -> None:
        """Send two requests of unknown names in one write, the second behind what is read at once: both are
        answered.
        """
        request, answer = WRONG_REQUESTS[-1]
        name = b"request\0"
        self.outbox += name + b"x" * (_READ_AT_ONCE - len(name) - 1) + b"\0" + request
        self.answer = 2 * answer
        self.phase = Phase.REPLY

    def write(self, size: int) -> None:
        """Write at most `size` bytes of what is due, or else the descriptor that is due."""
        try:
            if self.outbox:
                sent = self.end.send(self.outbox[:size])
                self.outbox = self.outbox[sent:]
                self.progress += sent
            elif self.offering and self.offered is not None:
                self.end.send(b"\0", (self.offered,))
                self.offered.release()
                self.offered = None
                self.offering = False
                self.progress += 1
        except BlockingIOError:
            return
        except ConnectionError:
            if self.closed_why is None and not self.half_closed:
                raise Violation(
                    "closing", f"client {self.number} can't write, but nothing closed it"
                ) from None
            self.outbox = b""
            self.offering = False

    def read(self, size: int) -> None:
        """Read at most `size` bytes, a good client no further than what is due."""
        if not self.hostile and self.phase is not Phase.IDLE and self.answer is not None:
            size = min(size, 1 if self.phase is Phase.SESSION else len(self.answer) - len(self.inbox))
        try:
            data, files = self.end.receive_message(size)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.happened[Situation.CLIENT_RESET] += 1
            self._end_of_input()
            return
        self.progress += len(data)
        if not data:
            self._end_of_input()
        elif self.hostile or (self.closed_why is not None and self.closed_why.cuts_off):
            for file in files:
                file.release()
        else:
            self._understand(data, files)

    def _understand(self, data: bytes, files: tuple[OpenFile, ...]) -> None:
        if self.phase is Phase.SESSION:
            self._take_session(data, files)
            return
        self.inbox += data
        if files or self.phase is Phase.IDLE or self.answer is None or not self.answer.startswith(self.inbox):
            raise Violation(
                "replies",
                f"client {self.number} waits for {self.phase.value} {self.answer!r}, got {self.inbox!r}"
                + (f" with {len(files)} descriptors" if files else ""),
            )
        if len(self.inbox) == len(self.answer):
            self.happened[Situation.BAD_REQUEST] += self.answer.startswith(_BAD)
            self.inbox = b""
            self.answer = None
            self._next_phase()

    def _next_phase(self) -> None:
        if self.phase is Phase.ASKED:
            self.phase = Phase.REPLY
            self.offering = True
        elif self.phase is Phase.REPLY and self.promised is not None:
            self.phase = Phase.SESSION
            if self.dialect.write_wait:
                self.outbox = DUMMY
        else:
            self.phase = Phase.IDLE

    def _take_session(self, data: bytes, files: tuple[OpenFile, ...]) -> None:
        if data != b"\0" or len(files) != 1 or files[0] is not self.promised:
            raise Violation(
                "handing out",
                f"client {self.number} got {data!r} with {len(files)} descriptors, not its session",
            )
        self.hand.append(files[0])
        self.promised = None
        self.phase = Phase.IDLE
        if self.dialect.read_wait:
            self.outbox = DUMMY

    def _end_of_input(self) -> None:
        self.ended = True
        if self.closed_why is None:
            raise Violation("closing", f"client {self.number} reads the end of input, but nothing closed it")

    def shut_down(self) -> None:
        """Half-close."""
        self.half_closed = True
        self.end.shutdown()

    def leave(self) -> None:
        """Close the connection and all that it holds."""
        self.gone = True
        self.end.release()
        for file in self.hand:
            file.release()
        self.hand.clear()
        if self.offered is not None:
            self.offered.release()
            self.offered = None

    def check_served(self) -> None:
        """The daemon rests: it has sent what it owes, no more, and has not taken in more than the limit."""
        if not self.accepted:
            return
        if self.unterminated > self.options.message_limit + 4096 and self.closed_why is None:
            raise Violation("memory", f"client {self.number} has {self.unterminated} bytes taken in")
        if self.hostile:
            return
        unread = self.end.unread
        if self.waits and not unread and not self.end.input_ended:
            raise Violation("service", f"client {self.number} waits for {self.phase.value} in vain")
        if unread and self.phase is Phase.IDLE:
            raise Violation("replies", f"client {self.number} has got {unread} bytes for nothing")

    # --- what the daemon's side does to it ---

    @property
    def unfinished(self) -> int:
        """Bytes of an unfinished message, or of an unfinished request, that the daemon holds, at least."""
        return self.unterminated + (0 if self.hostile or self.hands_over else self.kept)

    @property
    def may_be_unfinished(self) -> int:
        """Bytes of an unfinished message, or of an unfinished request, that the daemon holds, at most."""
        return self._since_answer + self.kept

    def found(self, *texts: bytes) -> None:
        """The daemon has found a session for it, and holds these labels and properties until it is sent."""
        self.keeps(sum(map(len, texts)))

    def keeps(self, size: int) -> None:
        """The daemon holds so many bytes of its request from now on."""
        self.kept = size if size > _NOT_COUNTED else 0

    @property
    def may_be_unread(self) -> int:
        """Bytes of answers that the daemon holds, at most."""
        return self.unread and self.unread + _FURTHER_ANSWERS

    def sent_to(self, unread: int) -> None:
        """The daemon has sent it something, of which so many bytes have to wait."""
        self.blocked = unread > 0
        self.unread = unread
        self.unterminated = 0  # what was read behind a request is lost when it is answered
        if self.hostile or self.hands_over:
            self.keeps(max(self.kept, self._since_answer))  # it may have been a save
        elif self.phase is Phase.ASKED and self.asked:
            self.keeps(sum(len(text) for text in self.asked[-1] if isinstance(text, bytes)))
        self._since_answer = 0

    def heard(self, elapsed: float, turn: int) -> None:
        """The daemon has read from it, or written to it, in this turn."""
        if turn != self._heard_in:
            self._heard_in = turn
            self._heard_before = self.heard_at
        self.heard_at = elapsed

    def heard_before(self, turn: int) -> float:
        """When it was last heard of before this turn: a last line to it doesn't count as hearing of it."""
        return self._heard_before if turn == self._heard_in else self.heard_at

    def consumed(self, data: bytes) -> None:
        """The daemon has read these bytes."""
        if self.blocked and data:
            raise Violation("memory", f"the daemon reads on from client {self.number}, which doesn't read")
        self.taken_in += len(data)
        self._since_answer += len(data)
        last = data.rfind(b"\0")
        self.unterminated = self.unterminated + len(data) if last < 0 else len(data) - last - 1

    def descriptors_arrived(self, count: int) -> None:
        """The daemon has read the byte that carries the session, and got that many descriptors."""
        self.kept = 0
        if not self.hostile and count != 1:
            self.asked.popleft()
            self._to_save.popleft()
            self.refused()
            self.answer = self.answer + FAIL if self.phase is Phase.ASKED and self.answer else FAIL

    def refused(self) -> None:
        """There was no room for what it saved."""
        self.happened[Situation.HANDOVER_REFUSED] += self.hands_over

    def carried_out(self, request: tuple[object, ...]) -> None:
        """The daemon carries out a request of this client."""
        if self.hostile:
            return
        if not self.asked or self.asked[0] != request:
            raise Violation(
                "requests", f"client {self.number} asked {list(self.asked)!r}, carried out: {request!r}"
            )
        self.asked.popleft()

    def saves(self, file: OpenFile) -> None:
        """The daemon is about to save this session for it."""
        if not self.hostile and self._to_save.popleft() is not file:
            raise Violation("conservation", f"a session is saved that client {self.number} hasn't sent")

    def handed(self, file: OpenFile) -> None:
        """The daemon has sent a session's descriptor."""
        self.kept = 0
        if file is not self.promised:
            raise Violation("handing out", f"client {self.number} was sent a session that it hasn't found")
        if self.hostile or self.gone:
            self.promised = None

    def closed_by_daemon(self, reason: Reason) -> None:
        """The daemon closes the connection."""
        self.closed_why = reason
        if reason in _SITUATIONS:
            self.happened[_SITUATIONS[reason]] += 1
