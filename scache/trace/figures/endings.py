"""Where peers end sessions: after so many mails, or after so long idle.

A trace doesn't hold what is said on a session. But smtp(8) saves one again that has served; one that it found
and didn't save again has come to its end in that use. If the peer had hung up before, nobody could know it
before that use, so the session has served one mail less.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import ceil, floor

from scache.trace.exchanges.exchange import OK, Exchange
from scache.trace.exchanges.labels import short_label

__all__ = ["Endings", "Peer"]

#: Sessions that must have come to the same end before it counts as a habit, and their share of them all.
FEWEST = 2
MOST_OF_THEM = 0.8

#: Seconds after which a session that was found and isn't saved again has ended.
LONG_ENOUGH = 5.0

_EXPIRE_TIME = re.compile(rb"(?m)^expire_time=(\d{1,12})$")


@dataclass(slots=True)
class Peer:
    """What became of the sessions with one endpoint.

    ended: number of mails served -> sessions that ended in the next use. longest: the most mails that a
    session had served when it was saved again. alive, dead: seconds that sessions had waited when they were
    found, and served, or had ended. most: sessions in cache or use at once.
    """

    ended: Counter[int] = field(default_factory=Counter)
    longest: int = 0
    alive: list[float] = field(default_factory=list)
    dead: list[float] = field(default_factory=list)
    most: int = 0

    @property
    def mails(self) -> int | None:
        """The number of mails after which this peer hangs up; None where none can be told."""
        if not self.ended:
            return None
        number, sessions = self.ended.most_common(1)[0]
        is_habit = sessions >= FEWEST and sessions >= MOST_OF_THEM * self.ended.total()
        return number if is_habit and self.longest <= number else None

    @property
    def idle(self) -> tuple[int, int] | None:
        """Whole seconds of rest that all sessions survived, and that none did; None where it isn't so."""
        if self.mails is not None or len(self.dead) < FEWEST:
            return None
        alive, dead = floor(max(self.alive, default=0.0)), ceil(min(self.dead))
        return (alive, dead) if max(self.alive, default=0.0) < min(self.dead) and dead > 1 else None


@dataclass(slots=True)
class _Session:
    label: str
    saved: float
    due: float
    finds: int = 0
    found: float | None = None
    expires: float | None = None


class Endings:
    """Takes a trace's exchanges in order, then `finish`. start: of the trace, in seconds since the epoch."""

    def __init__(self, start: float) -> None:
        self.peers: defaultdict[str, Peer] = defaultdict(Peer)
        self._start = start
        self._sessions: dict[str, _Session] = {}
        self._in_use: dict[int, str] = {}  #: connection -> the session that its client has found

    def exchange(self, exchange: Exchange) -> None:
        """Take the next exchange."""
        saves = exchange.request == "save_endp"
        used = self._in_use.get(exchange.connection)
        if used is not None and (exchange.is_find or (saves and exchange.token != used)):
            self._end(used)  # its client has gone on to the next mail, or to a session of its own
            del self._in_use[exchange.connection]
        token = exchange.token
        if token is None or exchange.status != OK:
            return
        if exchange.is_hit and (session := self._sessions.get(token)):
            expires = _EXPIRE_TIME.search(exchange.properties[-1] if exchange.properties else b"")
            session.finds += 1
            session.found = exchange.answered
            session.expires = int(expires[1]) - self._start if expires else None
            self._in_use[exchange.connection] = token
        elif saves and exchange.labels:
            self._in_use.pop(exchange.connection, None)
            self._save(token, short_label(exchange.labels[0]), exchange)

    def finish(self, end: float) -> None:
        """The trace has ended at this second."""
        for token in list(self._in_use.values()):
            found = self._sessions[token].found
            if found is not None and end - found >= LONG_ENOUGH:
                self._end(token)

    def _end(self, token: str) -> None:
        session = self._sessions.pop(token, None)
        if session is None or session.found is None:
            return
        if session.expires is not None and session.expires < session.found + LONG_ENOUGH:
            return  # smtp_connection_reuse_time_limit was over: its client's own decision
        peer = self.peers[session.label]
        peer.ended[session.finds] += 1
        peer.dead.append(session.found - session.saved)

    def _save(self, token: str, label: str, exchange: Exchange) -> None:
        now = exchange.answered
        peer = self.peers[label]
        session = self._sessions.get(token)
        if session is None:
            session = self._sessions[token] = _Session(label, now, now)
        if session.found is not None:
            peer.alive.append(session.found - session.saved)
            peer.longest = max(peer.longest, session.finds + 1)
        session.saved, session.due, session.found = now, now + exchange.ttl, None
        for other, held in list(self._sessions.items()):
            if held.found is None and held.due < now:
                del self._sessions[other]  # expired
        peer.most = max(peer.most, sum(held.label == label for held in self._sessions.values()))
