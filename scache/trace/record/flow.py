"""One direction of a recorded connection: bytes and descriptors from one socket to the other."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections import deque
from collections.abc import Callable, Sequence

from scache import rights
from scache.trace.format.events import Kind, Side

__all__ = ["Flow", "Observer"]

#: Bytes of one read: more than any usual message has, so that one write is seldom split.
PORTION = 1 << 14

#: All descriptors that can ride on them.
ROOM = rights.room_for(rights.MOST_DESCRIPTORS)

#: Reads of one direction before it is the others' turn: a message, the descriptor behind it, the next one.
TURN = 4

#: Called with what came, before it is passed on: kind, side, bytes, descriptors.
Observer = Callable[[Kind, Side, bytes, Sequence[int]], None]


class Flow:
    """Carries what `side` sends from `source` to `sink`; reads no further while the sink takes nothing.

    ended: END or CLOSE once the source has said so.
    """

    def __init__(self, side: Side, source: socket.socket, sink: socket.socket, observe: Observer) -> None:
        self.side = side
        self.source = source
        self.sink = sink
        self.ended: Kind | None = None
        self.lost = 0  #: descriptors that the kernel dropped because the process has no room for them
        self._observe = observe
        self._waiting: deque[tuple[bytes, list[int]]] = deque()
        self._end_is_passed_on = False

    @property
    def blocked(self) -> bool:
        """Whether something waits for the sink to take it."""
        return bool(self._waiting)

    def carry(self) -> bool:
        """Carry what can be carried now. True where more may be there, but the turn is over."""
        room = PORTION
        for _ in range(TURN):
            if not self._send() or self.ended is Kind.CLOSE or not (taken := self._receive()):
                self._pass_end_on()
                return False
            room -= taken
            if room <= 0:
                break
        return True

    def abandon(self) -> None:
        """Drop what waits, and close its descriptors."""
        while self._waiting:
            _close_all(self._waiting.popleft()[1])

    def _receive(self) -> int:
        """Read once; how many bytes, none where there is nothing to read."""
        try:
            data, descriptors, dropped = rights.receive(self.source, PORTION, ROOM)
        except BlockingIOError:
            return 0
        except ConnectionError:
            data, descriptors, dropped = b"", [], False
        if not data:
            self._note_end()
            return 0
        if dropped:
            self.lost += 1
        self._observe(Kind.DATA, self.side, data, descriptors)
        taken = len(data)
        if descriptors and len(data) > 1:
            # The kernel glues a byte that carries descriptors to those before it; the receiver must be able
            # to read up to it without taking it.
            self._waiting.append((data[:-1], []))
            data = data[-1:]
        self._waiting.append((data, descriptors))
        return taken

    def _note_end(self) -> None:
        poll = select.poll()
        poll.register(self.source, select.POLLIN)
        closed = any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
        kind = Kind.CLOSE if closed else Kind.END
        if self.ended is not kind:
            self.ended = kind
            self._observe(kind, self.side, b"", ())

    def _send(self) -> bool:
        """Send what waits; False where the sink takes no more for now."""
        while self._waiting:
            data, descriptors = self._waiting[0]
            try:
                sent = rights.send(self.sink, data, descriptors)
            except BlockingIOError:
                return False
            except OSError:
                # The receiver is gone. Its side's own flow sees that and ends the connection.
                self.abandon()
                return True
            _close_all(descriptors)
            self._waiting.popleft()
            if sent < len(data):
                self._waiting.appendleft((data[sent:], []))
        return True

    def _pass_end_on(self) -> None:
        if self.ended is not None and not self._waiting and not self._end_is_passed_on:
            self._end_is_passed_on = True
            with contextlib.suppress(OSError):  # closed already
                self.sink.shutdown(socket.SHUT_WR)


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
