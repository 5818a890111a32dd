"""The daemon in memory: the same server, on the simulated kernel and a clock that moves only when told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scache.daemon.server import Server
from scache.simulated.clock import VirtualClock
from scache.simulated.network import SimulatedNetwork

if TYPE_CHECKING:
    from scache.config.settings import Settings
    from scache.simulated.kernel import StreamSocket

__all__ = ["OWN_DESCRIPTORS", "SimulatedDaemon"]

#: 0, 1, 2 and the listening socket.
OWN_DESCRIPTORS = 4

#: Turns without rest after which the daemon is taken to be in an endless loop.
_MOST_TURNS = 100_000


class SimulatedDaemon:
    """A Server with these settings. log takes its lines.

    network: where it listens; one of its own with room for everybody, where none is given.
    `ended`: it has stopped, and closed everything.
    """

    def __init__(
        self,
        settings: Settings,
        clock: VirtualClock,
        log: Callable[[str], None],
        network: SimulatedNetwork | None = None,
    ) -> None:
        self.clock = clock
        self.network = network or SimulatedNetwork()
        self.server = Server(self.network, clock, settings, log)
        self.ended = False

    def connect(self) -> StreamSocket:
        """A client's end of a new connection. Raises ConnectionRefusedError where the daemon has ended."""
        return self.network.connect()

    def advance(self, seconds: float) -> None:
        """Let time pass (negative: set the clock back), and let the timers run that are due."""
        self.settle()
        self.clock.advance(seconds)
        if not self.ended:
            self.server.turn(0)
            self.settle()

    def stop(self) -> None:
        """End the daemon, as a signal does."""
        self.server.stop()
        self.settle()

    def settle(self) -> None:
        """Let the server take turns until nothing is ready; close it once it has stopped.

        Raises RuntimeError where it never comes to rest.
        """
        for _ in range(_MOST_TURNS):
            if self.ended:
                return
            if self.server.stopped:
                self._end()
            elif self.network.wait(0) or not self.server.timeout():
                self.server.turn(0)
            else:
                return
        raise RuntimeError(f"the server has not come to rest in {_MOST_TURNS} turns")

    def _end(self) -> None:
        self.ended = True
        self.server.close()
        self.network.close(self.network.listener)
