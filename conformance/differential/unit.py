"""What a client does from one rest to the next: a request with all its steps, in one of its variations.

A unit is played against both targets at once. It sees what the first of them answers, so it follows the
protocol wherever it is; therefore any part of a list of units can be played, which shrinking relies on. No
unit ends in the middle of a message.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from conformance.catalogue.language.model import Advance, Close, Connect, PassTime, Send, Shutdown
from conformance.contract.target import Received
from conformance.contract.wire import DUMMY

__all__ = [
    "Action",
    "Ask",
    "Find",
    "Late",
    "Leave",
    "Look",
    "Move",
    "Nonsense",
    "Save",
    "SaveSession",
    "Steps",
    "Unit",
]


@dataclass(frozen=True, slots=True)
class Ask:
    """One write of a client that doesn't look at the answer yet."""

    peer: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """The client looks at what has come."""

    peer: str


Action = Connect | Send | Ask | Look | Shutdown | Close | Advance | PassTime

#: A unit being played: it yields an action and is sent what the acting client received.
Steps = Generator[Action, Received, None]


@dataclass(frozen=True, slots=True)
class Save:
    """A request that has no further step: one write for each piece."""

    peer: str
    pieces: tuple[bytes, ...]

    def play(self) -> Steps:
        """The steps, one by one, each drawn when the answer to the one before it is known."""
        for piece in self.pieces:
            yield Send(self.peer, piece)


@dataclass(frozen=True, slots=True)
class SaveSession:
    """save_endp. `descriptor` is what comes where the session is due, with these tokens on its first byte."""

    peer: str
    pieces: tuple[bytes, ...]
    descriptor: bytes
    tokens: tuple[str, ...]

    def play(self) -> Steps:
        asked = False
        for piece in self.pieces:
            received = yield Send(self.peer, piece)
            asked = asked or DUMMY in received.data
        if asked:
            yield Send(self.peer, self.descriptor, self.tokens)


@dataclass(frozen=True, slots=True)
class Find:
    """find_endp or find_dest.

    ready and confirmation: what is sent where a dummy is due, in so many writes; none of them means that the
    client leaves at that point. slow: the client lets a second pass before it reads the answer.
    """

    peer: str
    pieces: tuple[bytes, ...]
    ready: tuple[bytes, ...]
    confirmation: tuple[bytes, ...]
    slow: bool = False

    def play(self) -> Steps:
        hit = False
        for piece in self.pieces:
            if self.slow:
                yield Ask(self.peer, piece)
                received = yield Look(self.peer)
            else:
                received = yield Send(self.peer, piece)
            hit = hit or _is_hit(received)
        if not hit:
            return
        if not self.ready:
            yield Close(self.peer)
            return
        for piece in self.ready:
            received = yield Send(self.peer, piece)
            if received.tokens:
                break
        else:
            return
        if not self.confirmation:
            yield Close(self.peer)
            return
        for piece in self.confirmation:
            received = yield Send(self.peer, piece)
        while _is_hit(received):  # of a request that was glued to the last dummy
            yield Send(self.peer, DUMMY)
            received = yield Send(self.peer, DUMMY)


def _is_hit(received: Received) -> bool:
    return received.data.startswith(b"status\x000\0property")


@dataclass(frozen=True, slots=True)
class Nonsense:
    """Bytes that may end anywhere, so the client leaves; half-closed first, it still gets its reply."""

    peer: str
    pieces: tuple[bytes, ...]
    tokens: tuple[str, ...]
    half_close: bool

    def play(self) -> Steps:
        for number, piece in enumerate(self.pieces):
            yield Send(self.peer, piece, self.tokens if number == 0 else ())
        if self.half_close:
            yield Shutdown(self.peer)
        yield Close(self.peer)


@dataclass(frozen=True, slots=True)
class Leave:
    """A client that is at rest closes, or half-closes first."""

    peer: str
    half_close: bool

    def play(self) -> Steps:
        if self.half_close:
            yield Shutdown(self.peer)
        yield Close(self.peer)


@dataclass(frozen=True, slots=True)
class Move:
    """The clock moves."""

    seconds: int

    def play(self) -> Steps:
        yield Advance(self.seconds)


@dataclass(frozen=True, slots=True)
class Late:
    """A unit before which time has passed while the daemons waited: its first step wakes them."""

    seconds: int
    unit: Save | SaveSession | Find | Nonsense | Leave

    @property
    def peer(self) -> str:
        """The client that acts."""
        return self.unit.peer

    def play(self) -> Steps:
        yield PassTime(self.seconds)
        yield from self.unit.play()


Unit = Save | SaveSession | Find | Nonsense | Leave | Move | Late
