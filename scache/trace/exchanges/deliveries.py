"""From a trace's exchanges to the deliveries that made them: what smtp(8) wanted, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from scache.trace.exchanges.exchange import OK, Exchange

__all__ = ["Client", "Delivery", "clients_of", "median_difference", "usual_ttl"]


@dataclass(slots=True)
class Delivery:
    """One mail of a delivery agent: lookups, then the transaction, then perhaps saves.

    begun: seconds since the trace's start. endpoints: the labels that were looked up, in order.
    found: whether a lookup gave a session. held: seconds from the last lookup's answer to the first save, or
    to what the client did next. thought: seconds from the end to the client's next delivery.
    """

    begun: float
    destination: bytes | None
    endpoints: list[bytes] = field(default_factory=list)
    found: bool = False
    held: float = 0.0
    thought: float = 0.0
    save_dest: Exchange | None = None
    save_endp: Exchange | None = None


@dataclass(slots=True)
class Client:
    """A delivery agent: one connection, and what it delivered, one after the other."""

    deliveries: list[Delivery] = field(default_factory=list)
    _looked_up: float = 0.0
    _ended: float = 0.0

    def take(self, exchange: Exchange) -> None:
        """Take the client's next exchange."""
        if exchange.is_find and exchange.labels:
            self._look_up(exchange)
        elif self.deliveries and exchange.status == OK and len(exchange.labels) > 0:
            self._save(exchange)

    def _look_up(self, exchange: Exchange) -> None:
        current = self.deliveries[-1] if self.deliveries else None
        of_destination = exchange.request == "find_dest"
        if current is None or of_destination or current.found or current.save_endp or current.save_dest:
            if current is not None:
                self._finish(current, exchange.asked)
            current = Delivery(exchange.asked, exchange.labels[0] if of_destination else None)
            self.deliveries.append(current)
        if not of_destination:
            current.endpoints.append(exchange.labels[0])
        current.found = exchange.is_hit
        self._looked_up = self._ended = exchange.answered

    def _save(self, exchange: Exchange) -> None:
        current = self.deliveries[-1]
        if current.save_dest is None and current.save_endp is None:
            current.held = exchange.asked - self._looked_up
        if exchange.request == "save_dest":
            current.save_dest = exchange
        elif exchange.request == "save_endp":
            current.save_endp = exchange
        self._ended = exchange.answered

    def _finish(self, delivery: Delivery, next_begins: float) -> None:
        if delivery.save_dest is None and delivery.save_endp is None:
            delivery.held = next_begins - self._looked_up
        else:
            delivery.thought = next_begins - self._ended


def clients_of(exchanges: Iterable[Exchange]) -> list[Client]:
    """The clients of a trace that delivered anything."""
    clients: dict[int, Client] = {}
    for exchange in exchanges:
        clients.setdefault(exchange.connection, Client()).take(exchange)
    return [client for client in clients.values() if client.deliveries]


def median_difference(clients: Iterable[Client]) -> float:
    """Seconds that a delivery takes longer when it has to open a connection; 0 where a trace can't tell."""
    held: dict[bool, list[float]] = {True: [], False: []}
    for client in clients:
        for delivery in client.deliveries:
            if delivery.save_endp is not None:
                held[delivery.found].append(delivery.held)
    if not held[True] or not held[False]:
        return 0.0
    return max(0.0, median(held[False]) - median(held[True]))


def usual_ttl(clients: Iterable[Client]) -> int:
    """The time to live that the clients asked for most often, in seconds; 0 where nothing was saved."""
    counts: dict[int, int] = {}
    for client in clients:
        for delivery in client.deliveries:
            if delivery.save_endp is not None:
                counts[delivery.save_endp.ttl] = counts.get(delivery.save_endp.ttl, 0) + 1
    return max(counts, key=lambda ttl: counts[ttl], default=0)
