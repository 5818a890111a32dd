"""What a trace's deliveries would have come to with other settings: a closed-loop model.

Each client of the trace delivers the same mails again, one after the other, against this project's server on
the simulated network and a virtual clock. It looks up; where that finds a session it uses that, else it opens
a connection, which takes longer; then it saves, if it did so when it was recorded. So what the cache answers
decides when the client comes back, and what it brings.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from scache.config.settings import Settings
from scache.protocol.dialect import DUMMY
from scache.protocol.request import FIND_DEST, FIND_ENDP, SAVE_DEST, SAVE_ENDP, SAVED, Request
from scache.trace.exchanges.deliveries import Client, Delivery, median_difference
from scache.trace.exchanges.exchange import Exchange
from scache.trace.format.tokens import token_name
from scache.trace.replay.simulated_daemon import TokenDaemon, TokenPeer

__all__ = ["REST", "Outcome", "Setting", "recorded_outcome", "simulate"]

#: Seconds after the last delivery in which what is still cached expires: longer than any time to live.
REST = 1_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """ttl_limit: seconds that an idle session is kept. max_sessions: None: no limit. Saving more fails.
    newest_first: of an endpoint's sessions the newest is found, so that the others expire.
    """

    ttl_limit: int
    max_sessions: int | None = None
    newest_first: bool = False


@dataclass(slots=True)
class Outcome:
    """deliveries: all. found: those that got a session from the cache, the others opened a connection.

    saved: sessions that the cache took. peak: the most that were idle in it at once. expired: those among
    the saved that nobody came for.
    """

    deliveries: int = 0
    found: int = 0
    saved: int = 0
    peak: int = 0

    @property
    def hit_rate(self) -> float:
        """Share of deliveries that reused a session, 0 to 1."""
        return self.found / self.deliveries if self.deliveries else 0.0

    @property
    def opened(self) -> int:
        """Connections that were opened."""
        return self.deliveries - self.found

    @property
    def expired(self) -> int:
        """Sessions that expired unused."""
        return self.saved - self.found


def recorded_outcome(clients: Sequence[Client], peak: int) -> Outcome:
    """What the trace itself says; its peak is known from elsewhere (SessionBook)."""
    outcome = Outcome(peak=peak)
    for client in clients:
        for delivery in client.deliveries:
            outcome.deliveries += 1
            outcome.found += delivery.found
            outcome.saved += delivery.save_endp is not None
    return outcome


def simulate(clients: Sequence[Client], start: float, setting: Setting) -> Outcome:
    """Run the model. start: of the trace, in seconds since the epoch."""
    return _Model(clients, start, setting).run()


class _Model:
    def __init__(self, clients: Sequence[Client], start: float, setting: Setting) -> None:
        self._clients = clients
        self._ttl = setting.ttl_limit
        limit = None if setting.max_sessions is None else setting.max_sessions + len(clients)
        settings = Settings(ttl_limit=setting.ttl_limit, max_idle=0, newest_first=setting.newest_first)
        self._daemon = TokenDaemon(settings, start, limit)
        self._setup = median_difference(clients)
        self._addresses = _known_addresses(clients)
        self._outcome = Outcome()
        self._numbers = count()
        self._now = 0.0

    def run(self) -> Outcome:
        turns = count()  # of two clients that come at once, the one that was scheduled first goes first
        waiting = [
            (client.deliveries[0].begun, next(turns), self._deliver(client, self._daemon.connect()))
            for client in self._clients
        ]
        heapq.heapify(waiting)
        while waiting:
            due, _, client = heapq.heappop(waiting)
            if due > self._now:
                self._daemon.advance(due - self._now)
                self._now = due
            pause = next(client, None)
            if pause is not None:
                heapq.heappush(waiting, (self._now + pause, next(turns), client))
        self._daemon.advance(REST)
        self._daemon.close()
        return self._outcome

    def _deliver(self, client: Client, peer: TokenPeer) -> Iterator[float]:
        """A client's deliveries; gives the seconds until it goes on."""
        peer.receive()  # the announcement
        for delivery in client.deliveries:
            found = self._look_up(peer, delivery)
            self._outcome.deliveries += 1
            self._outcome.found += found is not None
            yield self._time_held(delivery, found is not None)
            if delivery.save_dest is not None:
                self._save_dest(peer, delivery.save_dest)
            if delivery.save_endp is not None:
                self._save_endp(peer, delivery.save_endp, found or token_name(next(self._numbers)))
            yield delivery.thought

    def _time_held(self, delivery: Delivery, found: bool) -> float:
        if delivery.found == found:
            return delivery.held
        return delivery.held + self._setup if delivery.found else max(0.0, delivery.held - self._setup)

    def _look_up(self, peer: TokenPeer, delivery: Delivery) -> str | None:
        """The session that the cache gives for the destination, or else for one of its addresses."""
        found = None
        if delivery.destination is not None:
            found = _find(peer, FIND_DEST, delivery.destination)
        endpoints = delivery.endpoints or self._addresses.get(delivery.destination, [])
        for endpoint in endpoints:
            if found is None:
                found = _find(peer, FIND_ENDP, endpoint)
        return found

    def _save_dest(self, peer: TokenPeer, save: Exchange) -> None:
        peer.send(SAVE_DEST.message(*self._values(save)))
        peer.receive()

    def _save_endp(self, peer: TokenPeer, save: Exchange, token: str) -> None:
        peer.send(SAVE_ENDP.message(*self._values(save)))
        peer.receive()
        peer.send(b"\0", (token,))
        if peer.receive().data == SAVED:
            self._outcome.saved += 1
            self._outcome.peak = max(self._outcome.peak, len(self._daemon.sessions))

    def _values(self, save: Exchange) -> list[bytes | int]:
        """What was saved, to live as long as the setting lets it."""
        return [self._ttl if name == b"ttl" else value for name, value in save.values]


def _find(peer: TokenPeer, request: Request, label: bytes) -> str | None:
    peer.send(request.message(label))
    if not peer.receive().data.startswith(b"status\x000\0"):
        return None
    peer.send(DUMMY)
    tokens = peer.receive().tokens
    peer.send(DUMMY)
    return tokens[0]


def _known_addresses(clients: Sequence[Client]) -> dict[bytes | None, list[bytes]]:
    """The endpoints that clients looked up for each destination, or else saved for it."""
    known: dict[bytes | None, list[bytes]] = {}
    for client in clients:
        for delivery in client.deliveries:
            if delivery.endpoints:
                known[delivery.destination] = delivery.endpoints
            elif delivery.save_endp is not None:
                known.setdefault(delivery.destination, [delivery.save_endp.labels[0]])
    return known
