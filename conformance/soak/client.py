"""A client of the soak: it does what smtp(8) does, breaks off now and then, and checks every answer."""

from __future__ import annotations

import os
import random
import socket
import time
from collections import Counter
from contextlib import closing

from conformance.benchmark.load.talk import Cut, Talk, Waiting
from conformance.contract.wire import FAIL, OK, WRONG_REQUESTS, request_bytes
from conformance.soak.book import Book, Saved
from conformance.soak.shared import Shared

__all__ = ["FAULTS", "SESSIONS", "Client"]

#: Endpoints of a client, and sessions that it has in the cache when it is full.
_ENDPOINTS = 4
SESSIONS = 16

_TTL = 86_400

#: What a client does wrong, one request in so many each.
FAULTS = ("leave after request", "leave before dummy", "half a message", "wrong request", "two descriptors")
_ONE_IN = 250

#: Seconds in which the daemon has surely seen that a client has gone: until then it may see the next request
#: of the same client first, and what the one that has gone had found isn't in its place again.
_DOUBT = 10.0


class Client:
    """One client. counts: takes what happens. `pause`: seconds between its requests, on average. `ending`:
    whether it only finds from now on, until nothing is left.
    """

    def __init__(
        self,
        number: int,
        path: str,
        shared: Shared,
        counts: Counter[str],
    ) -> None:
        self.book = Book({b"smtp\n%d.%d" % (number, each): [] for each in range(_ENDPOINTS)})
        self.talk = Talk()
        self._destinations = {
            b"domain %d.%d" % (number, each): label for each, label in enumerate(self.book.endpoints)
        }
        self._path = path
        self._shared = shared
        self._counts = counts
        self._source = random.Random(number)
        self._serial = 0
        self._bound = False
        self._doubted_until = 0.0
        self.pause = 1.0
        self.ending = False

    def live(self) -> Waiting[None]:
        """Do all this until nothing is left once `ending` is set."""
        while not (self.ending and self.book.count() == 0):
            with closing(self.talk):
                try:
                    yield from self.talk.connect(self._path)
                    yield from self._requests()
                except Cut:
                    self._counts["connections cut"] += 1
                except ConnectionRefusedError:
                    yield 1.0
            self.talk = Talk()

    def _requests(self) -> Waiting[None]:
        while not (self.ending and self.book.count() == 0):
            self.book.forget_closed()
            if self.ending:
                yield from self._drain()
                continue
            yield from self._think()
            if self._source.randrange(_ONE_IN) < len(FAULTS):
                fault = self._source.choice(FAULTS)
                self._counts[fault] += 1
                yield from self._err(fault)
            elif self.book.count() < SESSIONS:
                yield from self._save()
            else:
                yield from self._find()

    def _think(self) -> Waiting[None]:
        left = self._source.uniform(0, 2 * self.pause)
        while left > 0 and not self.ending:
            yield min(left, 1.0)
            left -= 1.0

    def _drain(self) -> Waiting[None]:
        """Find everything that is left; what nobody finds must be closed."""
        for label, entries in self.book.endpoints.items():
            while entries:
                before = len(entries)
                yield from self._find(label)
                if len(entries) == before:
                    break
            yield 0.01

    def _save(self) -> Waiting[None]:
        """Bind the destinations, once a life of the daemon or so, and save a new session."""
        source, talk = self._source, self.talk
        if not self._bound or source.random() < 0.05:
            for destination, endpoint in self._destinations.items():
                request = request_bytes("save_dest", _TTL, destination, b"by " + endpoint, endpoint)
                yield from talk.send(request)
                yield from talk.expect(OK)
            self._bound = True
        label = source.choice(list(self.book.endpoints))
        self._serial += 1
        prop = b"session %d of %b" % (self._serial, label)
        phase = self._shared.phase.value
        yield from talk.save_endp(_TTL, label, prop)
        near, remote = socket.socketpair()
        with near:
            saved = Saved(prop, os.fstat(near.fileno()).st_ino, remote, certain=False)
            yield from talk.give([near.fileno()])
        entries = self.book.endpoints[label]
        entries.append(saved)
        saved.placed = False
        if (yield from talk.expect(OK, FAIL)) == FAIL:
            self._counts["saves refused"] += 1
            if not self._shared.at_limit():
                self.book.wrong.append(f"{label!r}: a save is refused")
            return  # its remote side says that it was closed
        saved.certain = True
        saved.placed = self._is_settled_since(phase)
        self._counts["saved"] += 1

    def _find(self, label: bytes | None = None) -> Waiting[None]:
        """Find a session by its destination or its endpoint, and be done with it."""
        source, talk = self._source, self.talk
        kind = source.choice(("find_dest", "find_endp"))
        destination, endpoint = source.choice(list(self._destinations.items()))
        if label is not None:
            kind, endpoint = "find_endp", label
        phase = self._shared.phase.value
        properties = yield from talk.find(kind, destination if kind == "find_dest" else endpoint)
        if properties is None:
            self.book.missed(endpoint, settled=self._is_settled_since(phase))
            self._counts["missed"] += 1
            return
        descriptor = yield from talk.take()
        self._counts["found"] += 1
        settled = self._is_settled_since(phase)
        self.book.found(endpoint, properties[-1], descriptor, settled=settled)
        os.close(descriptor)
        if kind == "find_dest" and properties[0] != b"by " + endpoint:
            self.book.wrong.append(f"{destination!r}: the property is {properties[0]!r}")

    def _err(self, fault: str) -> Waiting[None]:
        """Do something that no good client does. Cut where the connection is no longer of use."""
        source, talk = self._source, self.talk
        label = source.choice(list(self.book.endpoints))
        match fault:
            case "wrong request":
                request, answer = source.choice(WRONG_REQUESTS)
                yield from talk.send(request)
                yield from talk.expect(answer)
                return
            case "two descriptors":
                yield from talk.save_endp(_TTL, label, b"never saved")
                pair = socket.socketpair()
                with pair[0], pair[1]:
                    yield from talk.give([pair[0].fileno(), pair[1].fileno()])
                yield from talk.expect(FAIL)
                return
            case "half a message":
                yield from talk.send(request_bytes("find_endp", label)[: source.randrange(1, 20)])
                yield source.uniform(0, 5)
            case "leave after request":
                yield from talk.send(request_bytes("find_endp", label))
            case _:
                yield from talk.find("find_endp", label)
        self._doubted_until = time.monotonic() + _DOUBT
        raise Cut

    def _is_settled_since(self, phase: int) -> bool:
        """Whether each answer to what was asked in that phase has to be exact."""
        return self._shared.is_settled_since(phase) and time.monotonic() >= self._doubted_until
