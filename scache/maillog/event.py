"""What a line of the log says: what the cache counted, that a mail was delivered, that a peer hung up."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass

from scache.maillog.line import Line

__all__ = ["Delivery", "Ended", "Ending", "Event", "Events", "Lookups", "Maxima"]

_LOOKUPS = re.compile(r"statistics: (domain|address) lookup hits=(\d+) miss=(\d+) ")
_MAXIMA = re.compile(r"statistics: max simultaneous domains=(\d+) addresses=(\d+) connection=(\d+)")
_ENDED = re.compile(r"statistics: sessions ended by peer closed=(\d+) spoke=(\d+)")
_DELIVERY = re.compile(
    r"(\w+): to=<.*>, (?:orig_to=<.*>, )?relay=(\S+\[[^\]]*\])(?::\d+)?, (?:conn_use=(\d+), )?.*status=(\w+)"
)
_ENDING = re.compile(
    r"(?:\w+: )?(?:lost connection with|host) (\S+\[[^\]]*\])(?::\d+)?"
    r" (?:while|(?:said|refused to talk to me): 421)"
)
_CLIENTS = ("smtp", "lmtp")

#: Client processes whose last delivery is remembered.
_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a cache counted in one interval. by: `domain` for the destination, `address` for the endpoint."""

    by: str
    hits: int
    misses: int


@dataclass(frozen=True, slots=True)
class Maxima:
    """The most that was cached at once in one interval: destinations, endpoints, sessions."""

    domains: int
    addresses: int
    connections: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Cached sessions that their remote sides have closed, or spoken on, in one interval (scache_watch)."""

    closed: int
    spoke: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """A mail on a connection. peer: `host[address]`. use: how often the connection had been used, 1 at first.

    sent: whether the peer took it.
    """

    peer: str
    use: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """A peer has hung up, or said 421."""

    peer: str


Event = Lookups | Maxima | Ended | Delivery | Ending


class Events:
    """Reads events from lines, in their order.

    A mail to several recipients is logged once for each; that is one delivery here. The lines of a delivery
    follow each other, among those of its client.
    """

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, int], tuple[str, ...]] = OrderedDict()

    def of(self, line: Line) -> Event | None:
        """What the line says; None where that is something else, or the same delivery again."""
        if line.process == "scache":
            return _counted(line.text)
        if line.process not in _CLIENTS:
            return None
        if found := _DELIVERY.match(line.text):
            client, delivery = (line.name, line.pid), found.group(1, 2, 3, 4)
            if self._last.pop(client, None) == delivery:
                self._last[client] = delivery
                return None
            self._last[client] = delivery
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
            if _ENDING.match(line.text.partition(" (")[2]):  # a mail with no other address to go to
                return Ending(found[2])
            return Delivery(found[2], int(found[3] or 1), found[4] == "sent")
        found = _ENDING.match(line.text)
        return None if found is None else Ending(found[1])


def _counted(text: str) -> Event | None:
    if found := _LOOKUPS.match(text):
        return Lookups(found[1], int(found[2]), int(found[3]))
    if found := _MAXIMA.match(text):
        return Maxima(*map(int, found.groups()))
    if found := _ENDED.match(text):
        return Ended(*map(int, found.groups()))
    return None
