"""One client's procedure: the seed's scache_service, with the four requests it knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

from conformance.reference.cache import ReferenceCache
from conformance.reference.line import Line, Session
from conformance.reference.scan import LIST_END, Scanner, Waiting
from scache.protocol.dialect import Dialect

__all__ = ["Counters", "Service", "World"]

_OK, _BAD, _FAIL = b"0", b"1", b"2"
_DUMMY = b"dummy\0\0\0"
_NO_PROPERTY = b""


@dataclass(slots=True)
class Counters:
    """What the statistics count in one interval."""

    dest_hits: int = 0
    dest_miss: int = 0
    dest_count: int = 0
    endp_hits: int = 0
    endp_miss: int = 0
    endp_count: int = 0
    sess_count: int = 0


class World(Protocol):
    """What all clients of one daemon have in common."""

    dialect: Dialect
    cache: ReferenceCache[Session]
    counters: Counters
    now: int


class Service:
    """Serves one client from its announcement to its end."""

    def __init__(self, world: World, line: Line, warn: Callable[[bytes], None]) -> None:
        self._world = world
        self._line = line
        self._warn = warn
        self._scanner = Scanner(line, "scache socket", not world.dialect.write_wait, warn)
        self.between_requests = True

    def serve(self) -> Waiting[None]:
        """Answer requests until the client has closed and no byte is left."""
        if self._world.dialect.announcement:
            self._line.write(b"protocol\0connection_cache_protocol\0\0")
        while (yield from self._scanner.wait_for_input()):
            self.between_requests = False
            request = yield from self._scanner.scan(b"request")
            if request == [b"save_dest"]:
                yield from self._save_dest()
            elif request == [b"find_dest"]:
                yield from self._find_dest()
            elif request == [b"save_endp"]:
                yield from self._save_endp()
            elif request == [b"find_endp"]:
                yield from self._find_endp()
            elif request:
                self._warn(b'unrecognized request: "%b", ignored' % request[0])
                self._reply(_BAD)
            self.between_requests = True

    def _save_dest(self) -> Waiting[None]:
        values = yield from self._scanner.scan(b"ttl", b"label", b"property", b"label", LIST_END)
        if not _good(values, 4):
            self._bad_request(b"save_dest")
            self._reply(_BAD)
            return
        ttl, dest_label, dest_prop, endp_label = values
        cache, counters = self._world.cache, self._world.counters
        cache.save_dest(self._world.now, ttl, dest_label, dest_prop, endp_label)
        self._reply(_OK)
        destinations, endpoints, _ = cache.sizes()
        counters.dest_count = max(counters.dest_count, destinations)
        counters.endp_count = max(counters.endp_count, endpoints)

    def _save_endp(self) -> Waiting[None]:
        values = yield from self._scanner.scan(b"ttl", b"label", b"property", LIST_END)
        if not _good(values, 3):
            self._bad_request(b"save_endp")
            self._reply(_BAD)
            return
        ttl, endp_label, endp_prop = values
        session = yield from self._receive_session()
        if session is None:
            self._warn(b"scache_save_endp_service: unable to receive file descriptor: REASON")
            self._reply(_FAIL)
            return
        cache, counters = self._world.cache, self._world.counters
        cache.save_endp(self._world.now, ttl, endp_label, endp_prop, session)
        self._reply(_OK)
        _, endpoints, sessions = cache.sizes()
        counters.endp_count = max(counters.endp_count, endpoints)
        counters.sess_count = max(counters.sess_count, sessions)

    def _find_dest(self) -> Waiting[None]:
        values = yield from self._scanner.scan(b"label", LIST_END)
        if not _good(values, 1):
            self._bad_request(b"find_dest")
            self._reply(_BAD, _NO_PROPERTY, _NO_PROPERTY)
            return
        found = self._world.cache.find_dest(values[0])
        if found is None:
            self._reply(_FAIL, _NO_PROPERTY, _NO_PROPERTY)
            self._world.counters.dest_miss += 1
            return
        dest_prop, entry = found
        self._reply(_OK, dest_prop, entry.endp_prop)
        self._world.counters.dest_hits += 1
        yield from self._send_session(b"find_dest", entry.handle)

    def _find_endp(self) -> Waiting[None]:
        values = yield from self._scanner.scan(b"label", LIST_END)
        if not _good(values, 1):
            self._bad_request(b"find_endp")
            self._reply(_BAD, _NO_PROPERTY)
            return
        found = self._world.cache.find_endp(values[0])
        if found is None:
            self._reply(_FAIL, _NO_PROPERTY)
            self._world.counters.endp_miss += 1
            return
        self._reply(_OK, found.endp_prop)
        self._world.counters.endp_hits += 1
        yield from self._send_session(b"find_endp", found.handle)

    def _receive_session(self) -> Waiting[Session | None]:
        """The one session that rides on the next byte; None where there is none, or more than one."""
        if self._world.dialect.write_wait:
            self._write(_DUMMY)
        while (received := self._line.read_sessions()) is None:
            yield
        sessions = received[1]
        if len(sessions) == 1:
            return sessions[0]
        for session in sessions:
            session.open = False
        return None

    def _send_session(self, request: bytes, session: Session) -> Waiting[None]:
        dialect = self._world.dialect
        sent = False
        try:
            asked = not dialect.write_wait or (yield from self._dummy())
            sent = asked and self._line.write(b"\0", session)
        finally:
            if not sent:
                session.open = False
        if not sent or (dialect.read_wait and not (yield from self._dummy())):
            self._warn(b"scache_%b_service: cannot send file descriptor: REASON" % request)

    def _dummy(self) -> Waiting[bool]:
        values = yield from self._scanner.scan(b"dummy", LIST_END)
        return values is not None and len(values) == 1

    def _bad_request(self, request: bytes) -> None:
        self._warn(b"scache_%b_service: bad or missing request parameter" % request)

    def _reply(self, status: bytes, *properties: bytes) -> None:
        text = b"status\0" + status + b"\0"
        for value in properties:
            text += b"property\0" + value + b"\0"
        self._write(text + b"\0")

    def _write(self, data: bytes) -> None:
        """Write through the buffer that is also read from: what was read and not yet scanned is lost."""
        self._scanner.buffer = b""
        self._line.write(data)


def _good(values: list[Any] | None, wanted: int) -> TypeGuard[list[Any]]:
    """Whether all wanted values are there, and a ttl among them is positive."""
    if values is None or len(values) < wanted:
        return False
    return not isinstance(values[0], int) or values[0] > 0
