"""Nothing is left behind by a request: what is allocated after many is what was allocated after a few."""

from __future__ import annotations

import gc
import socket
import sys
from pathlib import Path

from conformance.benchmark.load.load import FIND_ENDP, Client
from scache.config.settings import Settings
from scache.daemon.clock import SystemClock
from scache.daemon.network import UnixNetwork
from scache.daemon.server import Server

FEW, MANY = 100, 1500


def iterate(server: Server, client: Client, times: int) -> None:
    """Save, find and miss, each step answered by a turn of the server."""
    for _ in range(times):
        for step in range(FIND_ENDP + 1):
            client.step = step
            client.write()
            server.turn(5)
            client.read()


def test_memory_is_flat_over_many_requests(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    log: list[str] = []
    network = UnixNetwork(listener.detach())
    server = Server(network, SystemClock(), Settings(ttl_limit=1_000_000), log.append)
    client = Client(str(tmp_path / "s"), b"client", 0)
    server.turn(5)
    client.begin()
    iterate(server, client, FEW)
    gc.collect()
    before = sys.getallocatedblocks(), len(gc.get_objects())
    iterate(server, client, MANY)
    gc.collect()
    blocks, objects = sys.getallocatedblocks(), len(gc.get_objects())
    client.close()
    server.turn(5)
    server.close()
    network._listening.close()  # a daemon keeps it to its end
    assert log == [] or log[0].startswith("statistics: ")
    assert objects - before[1] < MANY / 10
    assert blocks - before[0] < MANY / 10
