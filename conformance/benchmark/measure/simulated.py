"""How many requests a second the whole daemon carries out in simulation: without a kernel, on one core."""

from __future__ import annotations

import time

from conformance.benchmark.load.load import FIND_ENDP, SESSION_IN, SESSION_OUT, compose
from scache.config.settings import Settings
from scache.daemon.server import Server
from scache.simulated import SimulatedNetwork
from scache.simulated.clock import VirtualClock
from scache.simulated.kernel import StreamSocket, socket_pair

__all__ = ["measure_simulated"]

CLIENTS = 16
ROUNDS = 200
LIMIT = 4096


class _Client:
    def __init__(self, connection: StreamSocket, number: int) -> None:
        self.connection = connection
        self.writes, self.answers = compose(b"client", number)
        self.session, self.remote = socket_pair()

    def write(self, step: int) -> None:
        if step == SESSION_OUT:
            self.connection.send(b"\0", (self.session,))
        else:
            self.connection.send(self.writes[step])

    def read(self, step: int) -> None:
        if step == SESSION_IN:
            _, (session,) = self.connection.receive_message(LIMIT)
            session.release()
            self.connection.send(self.writes[SESSION_IN])
        elif self.connection.receive(LIMIT) != self.answers[step]:
            raise AssertionError(f"wrong answer to step {step}")


def measure_simulated(turns: int) -> list[float]:
    """Requests in each second of CPU time, the simulated kernel and clients included; one figure a turn."""
    network = SimulatedNetwork()
    log: list[str] = []
    server = Server(network, VirtualClock(), Settings(ttl_limit=1_000_000), log.append)
    clients = []
    for number in range(CLIENTS):
        clients.append(_Client(network.connect(), number))
        server.turn(0)
        clients[number].connection.receive(LIMIT)  # the announcement
    rates = []
    for _ in range(turns):
        began = time.process_time()
        for _ in range(ROUNDS):
            for step in range(FIND_ENDP + 1):
                for client in clients:
                    client.write(step)
                server.turn(0)
                for client in clients:
                    client.read(step)
        rates.append(ROUNDS * CLIENTS * 4 / (time.process_time() - began))
    return rates
