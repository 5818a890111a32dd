"""The model as a whole: clients in the order in which they came, one cache, one clock, one log."""

from __future__ import annotations

import re
import time

from conformance.reference.cache import ReferenceCache
from conformance.reference.line import Line, Session
from conformance.reference.scan import Waiting
from conformance.reference.service import Counters, Service
from scache.config.settings import Settings
from scache.protocol.dialect import Dialect

__all__ = ["ReferenceScache"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_LOG_TEXT = 2000  # bytes, before `warning: ` is put in front


class ReferenceScache:
    """An scache in memory. `now` moves only by `advance`; work is done by `settle`."""

    def __init__(self, settings: Settings, now: int) -> None:
        self.dialect: Dialect = settings.dialect
        self.cache: ReferenceCache[Session] = ReferenceCache(settings.ttl_limit)
        self.counters = Counters()
        self.now = now
        self.ended = False
        self.log: list[str] = []
        self._settings = settings
        self._clients: list[_Client] = []
        self._interval_start = now
        self._idle_since = now

    def connect(self) -> Line:
        """A new client's connection."""
        line = Line()
        self._clients.append(_Client(line, Service(self, line, self._warn), self.now))
        return line

    def advance(self, seconds: int) -> None:
        """Move the clock; run what is due: expiry, statistics, idle end, time limits."""
        self.now += seconds
        for session in self.cache.expire(self.now):
            session.open = False
        if self.now >= self._interval_start + self._settings.status_update_time:
            self._log_statistics()
        if not self._clients and self.now >= self._idle_since + self._settings.max_idle:
            self.end()
        for client in self._clients:
            if not client.service.between_requests and self.now >= client.heard + self._settings.ipc_timeout:
                client.line.time_is_up = True
        self.settle()

    def settle(self) -> None:
        """Let every client's procedure go on, oldest first, until none of them gets any further."""
        moved = True
        while moved and not self.ended:
            moved = False
            for client in list(self._clients):
                before = client.line.progress
                over = next(client.procedure, "over") == "over"
                if client.line.progress != before:
                    moved = True
                    client.heard = self.now
                if over:
                    self._drop(client)
                    moved = True

    def end(self) -> None:
        """Stop the daemon: statistics, then everything is closed. May be called twice."""
        if self.ended:
            return
        self._log_statistics()
        for client in list(self._clients):
            self._drop(client)
        for session in self.cache.sessions:
            session.handle.open = False
        self.ended = True

    def _drop(self, client: _Client) -> None:
        client.procedure.close()
        client.line.close_by_daemon()
        self._clients.remove(client)
        if not self._clients:
            self._idle_since = self.now

    def _warn(self, text: bytes) -> None:
        # Cut last, even within a character.
        shown = _printable(text)[:_LONGEST_LOG_TEXT]
        self.log.append("warning: " + shown.decode("utf-8", "surrogateescape"))

    def _log_statistics(self) -> None:
        counted = self.counters
        dest_lookups = counted.dest_hits + counted.dest_miss
        endp_lookups = counted.endp_hits + counted.endp_miss
        maxima = (counted.dest_count, counted.endp_count, counted.sess_count)
        if dest_lookups or endp_lookups or any(maxima):
            start = time.gmtime(self._interval_start)
            day_and_time = f"{start.tm_mday:2d} {start.tm_hour:02d}:{start.tm_min:02d}:{start.tm_sec:02d}"
            self.log.append(f"statistics: start interval {_MONTHS[start.tm_mon - 1]} {day_and_time}")
        if dest_lookups:
            self.log.append(_lookups("domain", counted.dest_hits, counted.dest_miss))
        if endp_lookups:
            self.log.append(_lookups("address", counted.endp_hits, counted.endp_miss))
        if any(maxima):
            numbers = "domains={} addresses={} connection={}".format(*maxima)
            self.log.append(f"statistics: max simultaneous {numbers}")
        self.counters = Counters()
        self._interval_start = self.now


class _Client:
    """A client's connection, its procedure, and when something last happened on it."""

    def __init__(self, line: Line, service: Service, now: int) -> None:
        self.line = line
        self.service = service
        self.procedure: Waiting[None] = service.serve()
        self.heard = now


def _lookups(what: str, hits: int, miss: int) -> str:
    return f"statistics: {what} lookup hits={hits} miss={miss} success={hits * 100 // (hits + miss)}%"


def _printable(text: bytes) -> bytes:
    """As Postfix's printable(): a byte that may begin a UTF-8 character stays with all that may continue
    one, if there is any, right or wrong; every other byte that doesn't print becomes `?`.
    """
    return re.sub(rb"([\xc2-\xfe][\x80-\xbf]+)|[^ -~]", lambda found: found[1] or b"?", text)
