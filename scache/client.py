"""A client of scache: the four requests, as smtp(8) makes them (scache_clnt.c)."""

from __future__ import annotations

import json
import os
import socket
from types import TracebackType
from typing import Any, Self

from scache import rights
from scache.errors import ProtocolError
from scache.protocol.attributes import LIST_END, Scan, Scanner
from scache.protocol.dialect import DUMMY, POSTFIX_3_6, Dialect
from scache.protocol.request import FIND_DEST, FIND_ENDP, SAVE_DEST, SAVE_ENDP, STATUS

__all__ = ["TELLS_NOTHING", "Client"]

TELLS_NOTHING = "the server tells nothing of itself: Postfix's doesn't, see scache_status_request"

_ANNOUNCEMENT_LIST = (b"protocol", LIST_END)
_STATUS_LIST = (b"status", LIST_END)
_DUMMY_LIST = (b"dummy", LIST_END)
_OK, _FAIL = b"0", b"2"
_ROOM = rights.room_for(1)


class Client:
    """A connection to a running scache.

    path: the server's socket. timeout: seconds for one read or write, None for no limit.
    Every call may raise ProtocolError (the server's answer is not the protocol, or it refused the request as
    malformed) and OSError (connection refused or lost, TimeoutError). Not for use by several threads at once.
    """

    def __init__(self, path: str, *, dialect: Dialect = POSTFIX_3_6, timeout: float | None = 30.0) -> None:
        self._dialect = dialect
        self._scanner = Scanner("scache server")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(path)
            if dialect.announcement:
                self._expect(_ANNOUNCEMENT_LIST, [b"connection_cache_protocol"])
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def save_endp(self, ttl: int, endp_label: bytes, endp_prop: bytes, descriptor: int) -> bool:
        """Give a session to the cache for at most `ttl` seconds; False where the server did not take it.

        The server gets a duplicate: the caller's descriptor stays open and is the caller's to close.
        """
        self._socket.sendall(SAVE_ENDP.message(ttl, endp_label, endp_prop))
        if self._dialect.write_wait:
            self._expect(_DUMMY_LIST, [b""])
        rights.send_one(self._socket, descriptor)
        return self._status(_STATUS_LIST)[0] == _OK

    def find_endp(self, endp_label: bytes) -> tuple[bytes, int] | None:
        """Take the endpoint's oldest session out: its property and a descriptor that is the caller's now."""
        self._socket.sendall(FIND_ENDP.message(endp_label))
        status, endp_prop = self._status((b"status", b"property", LIST_END))
        return (endp_prop, self._take_descriptor()) if status == _OK else None

    def save_dest(self, ttl: int, dest_label: bytes, dest_prop: bytes, endp_label: bytes) -> bool:
        """Bind a destination to an endpoint for at most `ttl` seconds."""
        self._socket.sendall(SAVE_DEST.message(ttl, dest_label, dest_prop, endp_label))
        return self._status(_STATUS_LIST)[0] == _OK

    def find_dest(self, dest_label: bytes) -> tuple[bytes, bytes, int] | None:
        """Take a session of the destination out: the destination's property, the endpoint's, a descriptor."""
        self._socket.sendall(FIND_DEST.message(dest_label))
        status, dest_prop, endp_prop = self._status((b"status", b"property", b"property", LIST_END))
        return (dest_prop, endp_prop, self._take_descriptor()) if status == _OK else None

    def status(self, part: bytes = b"") -> dict[str, Any]:
        """What this project's daemon tells of itself, and of the labels that hold this part
        (scache/cache/report.py); of an empty part, of all.

        Raises ProtocolError where it doesn't tell, as no Postfix does.
        """
        self._socket.sendall(STATUS.message(part))
        scan = self._scan((b"status", b"property", LIST_END))
        if scan.warnings or scan.values[0] != _OK:
            raise ProtocolError(TELLS_NOTHING)
        told: dict[str, Any] = json.loads(scan.values[1])  # type: ignore[arg-type]
        return told

    def _status(self, wanted: tuple[bytes, ...]) -> list[bytes]:
        values = self._receive_list(wanted)
        if values[0] not in (_OK, _FAIL):
            raise ProtocolError(f"the server refused the request with status {values[0].decode('latin-1')}")
        return values

    def _expect(self, wanted: tuple[bytes, ...], values: list[bytes]) -> None:
        received = self._receive_list(wanted)
        if received != values:
            raise ProtocolError(f"the server sent {wanted[0].decode()} = {received[0]!r}")

    def _receive_list(self, wanted: tuple[bytes, ...]) -> list[bytes]:
        scan = self._scan(wanted)
        if scan.warnings or len(scan.values) != len(wanted) - 1:
            raise ProtocolError("; ".join(scan.warnings) or "the server's answer is incomplete")
        return [value for value in scan.values if isinstance(value, bytes)]

    def _scan(self, wanted: tuple[bytes, ...]) -> Scan:
        while (scan := self._scanner.scan(wanted)) is None:
            # Byte by byte where a descriptor may follow unasked: a larger read would lose it.
            data = self._socket.recv(4096 if self._dialect.write_wait else 1)
            if not data:
                raise ProtocolError("the server closed the connection")
            self._scanner.feed(data)
        return scan

    def _take_descriptor(self) -> int:
        if self._dialect.write_wait:
            self._socket.sendall(DUMMY)
        data, received, _dropped = rights.receive(self._socket, 1, _ROOM)
        if not data or len(received) != 1:
            for descriptor in received:
                os.close(descriptor)
            raise ProtocolError("the server sent no descriptor")
        if self._dialect.read_wait:
            self._socket.sendall(DUMMY)
        return received[0]
