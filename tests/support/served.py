"""A daemon on a real socket in a thread of this process, whose clock moves when the test says so."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

from scache.client import Client
from scache.config.settings import Settings
from scache.daemon.network import UnixNetwork
from scache.daemon.server import Server
from scache.simulated.clock import VirtualClock

__all__ = ["START", "Served"]

START = 1_800_000_000


class Served:
    """The daemon. To be used in a `with` statement. `client`: one of its clients."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.path = path
        self.clock = VirtualClock(START)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        listener.listen(10)
        settings = {"status_request": True, "ttl_limit": 1000, **settings}
        self._network = UnixNetwork(listener.detach())
        self.server = Server(self._network, self.clock, Settings(**settings), lambda _text: None)
        self._thread = threading.Thread(target=self._serve)
        self.near, self.far = socket.socketpair()

    def _serve(self) -> None:
        while not self.server.stopped:
            self.server.turn(0.05)  # so that it sees that it is stopped
        self.server.close()

    def __enter__(self) -> Served:
        self._thread.start()
        self.client = Client(str(self.path))
        return self

    def end(self) -> None:
        """Its end: nobody listens at the path any more."""
        self.server.stop()
        self._thread.join()
        self._network._listening.close()  # a daemon keeps it to its end

    def __exit__(self, *_error: object) -> None:
        self.client.close()
        self.end()
        self.near.close()
        self.far.close()

    def save(self, endpoint: bytes, ttl: int, *destinations: bytes) -> None:
        """Save a session of an endpoint, and bind destinations to it."""
        for destination in destinations:
            assert self.client.save_dest(ttl, destination, b"SECRET", endpoint)
        assert self.client.save_endp(ttl, endpoint, b"SECRET", self.near.fileno())
