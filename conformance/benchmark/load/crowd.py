"""Many clients in one process."""

from __future__ import annotations

import heapq
import select
import time
from collections.abc import Sequence
from typing import Protocol

from conformance.benchmark.load.talk import Talk, Waiting

__all__ = ["Client", "Crowd"]


class Client(Protocol):
    """Somebody whose `live` yields what its connection has to wait for, until it is over."""

    talk: Talk

    def live(self) -> Waiting[None]:
        """All that it does."""


class Crowd:
    """Drives clients: each goes on when its socket is ready or its pause is over."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self._lives: dict[Client, Waiting[None]] = {client: client.live() for client in clients}
        self._poll = select.epoll()
        self._waiting: dict[int, Client] = {}
        self._pauses: list[tuple[float, int, Client]] = []
        self._serial = 0
        for client in clients:
            self._go_on(client)

    @property
    def is_over(self) -> bool:
        """Whether all have ended."""
        return not self._lives

    def turn(self, longest: float) -> None:
        """Wait, `longest` seconds at most, and let those go on that can."""
        wait = longest
        if self._pauses:
            wait = max(0.0, min(self._pauses[0][0] - time.monotonic(), longest))
        for handle, _events in self._poll.poll(wait):
            self._poll.unregister(handle)
            self._go_on(self._waiting.pop(handle))
        now = time.monotonic()
        while self._pauses and self._pauses[0][0] <= now:
            self._go_on(heapq.heappop(self._pauses)[2])

    def _go_on(self, client: Client) -> None:
        try:
            wanted = next(self._lives[client])
        except StopIteration:
            del self._lives[client]
            return
        if isinstance(wanted, float):
            self._serial += 1
            heapq.heappush(self._pauses, (time.monotonic() + wanted, self._serial, client))
        else:
            handle = client.talk.socket.fileno()
            self._waiting[handle] = client
            self._poll.register(handle, wanted)
