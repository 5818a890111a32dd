"""What hostile clients do: stop at any byte, glue, mangle, flood, send too many descriptors, vanish."""

from __future__ import annotations

import random
from typing import assert_never

from conformance.contract.wire import DUMMY, WRONG_REQUESTS, request_bytes
from conformance.simulation.actors.client import Client
from conformance.simulation.actors.options import HostilityKind, Options
from conformance.simulation.world.step import Step

__all__ = ["Hostility"]

_JUNK = (
    b"\0",
    b"\0\0",
    b"dummy",
    b"\0dummy\0\0",
    b"request\0",
    b"request\0save_endp\0ttl\0",
    b"\xff\xfe",
    b"foo\0bar\0\0",
)


class Hostility:
    """The moves of hostile clients, of the kinds that the options leave switched on."""

    def __init__(
        self, options: Options, source: random.Random, destinations: list[bytes], endpoints: list[bytes]
    ) -> None:
        self._options = options
        self._source = source
        self._random = source.random
        self._destinations = destinations
        self._endpoints = endpoints
        self._kinds = sorted(options.hostilities)
        #: How likely a client reads what is there; one that doesn't may go on asking.
        self._reading = 0.15 if "never read" in options.hostilities else 0.7

    def moves(self, client: Client) -> list[Step]:
        """What this client does next: mostly what a good one might, in any order, else something hostile."""
        number = client.number
        draw = self._random()
        if client.end.incoming or client.end.input_ended:
            if draw < self._reading:
                return [("read", number, 4096)]
        elif client.outbox and draw < 0.6:
            return [("write", number, 1 + int(self._random() * len(client.outbox)))]
        if self._kinds and self._random() < 0.4:
            return self._hostile_moves(client, self._source.choice(self._kinds))
        if draw < 0.2:
            return [("add", number, DUMMY), ("write", number, 1 << 20)]
        if draw < 0.4:
            return [("attach", number, 1)]
        return [("add", number, self._valid()), ("write", number, 1 << 20)]

    def _valid(self) -> bytes:
        source = self._source
        destination, endpoint = source.choice(self._destinations), source.choice(self._endpoints)
        ttl = source.choice((1, 2, 2, 9))
        match source.choice(("save_endp", "save_endp", "save_dest", "find_endp", "find_dest")):
            case "save_endp":
                return request_bytes("save_endp", ttl, endpoint, b"p")
            case "save_dest":
                return request_bytes("save_dest", ttl, destination, b"p", endpoint)
            case "find_endp":
                return request_bytes("find_endp", endpoint)
            case _:
                return request_bytes("find_dest", destination)

    def _hostile_moves(self, client: Client, kind: HostilityKind) -> list[Step]:
        number = client.number
        source = self._source
        match kind:
            case "junk":
                return [("add", number, source.choice(_JUNK))]
            case "mangle":
                data = self._valid()
                place = source.randrange(len(data))
                data = (
                    data[:place] + source.randbytes(source.randrange(3)) + data[place + source.randrange(3) :]
                )
                return [("add", number, data), ("write", number, 1 << 20)]
            case "glue":
                pieces = (self._valid(), DUMMY, WRONG_REQUESTS[source.randrange(len(WRONG_REQUESTS))][0])
                return [("add", number, source.choice(pieces)) for _ in range(source.randrange(2, 6))]
            case "attach":
                return [("attach", number, source.choice((0, 2, 3)))]
            case "flood":
                size = int(source.choice((0.1, 0.5, 2)) * self._options.message_limit)
                data = b"request\0find_endp\0label\0" + b"x" * size
                return [("add", number, data), ("write", number, 1 << 20)]
            case "half-close":
                return [("write", number, 1 << 20), ("half-close", number)]
            case "vanish":
                return [("leave", number)]
            case "ask ahead":  # a reply hardly fills a larger buffer
                return self._ask_ahead(number) if self._options.capacity < 100 else []
            case "stop":
                return [("write", number, 1 + source.randrange(20))]
            case "never read":  # see `moves`
                return []
            case _:
                assert_never(kind)

    def _ask_ahead(self, number: int) -> list[Step]:
        """Save a session, find it, and ask for its descriptor while the reply, which is unread, fills the
        buffer.
        """
        endpoint = self._source.choice(self._endpoints)
        read: list[Step] = [("rest", 0), ("read", number, 4096)] * 2
        write: list[Step] = [("write", number, 1 << 20), ("rest", 0)] * 5
        save: Step = ("add", number, request_bytes("save_endp", 2, endpoint, b""))
        find: Step = ("add", number, request_bytes("find_endp", endpoint))
        return [
            *read,
            save,
            *write,
            *read,
            ("attach", number, 1),
            *read,
            find,
            *write,
            ("add", number, DUMMY),
            *write,
        ]
