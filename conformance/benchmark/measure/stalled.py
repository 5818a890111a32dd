"""What one hostile client costs the others: it sends half a request and then nothing more."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.benchmark.measure.comparison import Turn, loaded, measure_turn
from conformance.benchmark.measure.daemons import ANNOUNCEMENT, Contestant

__all__ = ["Stalled", "measure_stalled"]

HALF_A_REQUEST = b"request\0save_endp\0ttl\0"
PATIENCE = 1.0
"""Seconds that a second client waits for the announcement before it counts as unserved."""
CLIENTS = 16


@dataclass(frozen=True, slots=True)
class Stalled:
    """Turns without and with the stalled client, alternating; none where it keeps everybody waiting."""

    serves_others: bool
    without: list[Turn]
    beside: list[Turn]


def _connect(socket_path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(socket_path))
    return client


@contextlib.contextmanager
def stalled_client(socket_path: Path) -> Iterator[None]:
    """A client that stops in the middle of its request, for as long as the block lasts."""
    with _connect(socket_path) as client:
        client.recv(len(ANNOUNCEMENT))
        client.send(HALF_A_REQUEST)
        yield


def _serves_others(socket_path: Path) -> bool:
    with stalled_client(socket_path), _connect(socket_path) as client:
        try:
            return client.recv(len(ANNOUNCEMENT)) == ANNOUNCEMENT
        except TimeoutError:
            return False


def measure_stalled(contestant: Contestant, command: list[str], turns: int, seconds: float) -> Stalled:
    """Load the daemon without and with a stalled client in turn, if it serves anybody beside one."""
    with loaded(contestant, command, 0) as under_load:
        daemon, generator = under_load.daemon, under_load.generator
        result = Stalled(_serves_others(daemon.socket_path), [], [])
        if not result.serves_others:
            return result
        generator.open_clients(CLIENTS)
        for _ in range(turns):
            result.without.append(measure_turn(daemon, generator, seconds))
            with stalled_client(daemon.socket_path):
                result.beside.append(measure_turn(daemon, generator, seconds))
        return result
