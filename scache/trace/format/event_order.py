"""What must be true of a trace's events together, beyond each line's form."""

from __future__ import annotations

from scache.errors import TraceError
from scache.trace.format.events import UNKNOWN_TOKEN, Event, Header, Kind, Side
from scache.trace.format.tokens import SessionTokens

__all__ = ["EventOrder"]


class EventOrder:
    """Connections open first and close last; a descriptor comes from a client before the server sends it."""

    def __init__(self, header: Header) -> None:
        self._open = set(header.continued)
        self._came = SessionTokens()
        self._began_with_sessions = header.part > 1

    def check(self, event: Event) -> None:
        """Take the next event. Raises TraceError, without a place, where it can't come here."""
        connection = event.connection
        if event.kind is Kind.OPEN:
            if connection in self._open:
                raise TraceError(f"connection {connection} is open already")
            self._open.add(connection)
            return
        if connection not in self._open:
            raise TraceError(f"connection {connection} is not open")
        if event.kind is Kind.CLOSE:
            self._open.remove(connection)
        for token in event.tokens:
            self._check_token(token, event.side)

    def _check_token(self, token: str, side: Side) -> None:
        if token == UNKNOWN_TOKEN or self._began_with_sessions:
            return
        if side is Side.CLIENT:
            self._came.token(token)
        elif self._came.known(token) is None:
            raise TraceError(f"the server sends descriptor {token}, which never came from a client")
