"""The load generator for machines without a C compiler; the same commands, messages and answers as load.c.

Run as a program: `load.py SOCKET`. The commands that it takes on standard input stand at the top of load.c.
A client costs more CPU than the daemon that it measures, so requests a second say less than with load.c; cost
per request is measured at the daemon and stays good.
"""

from __future__ import annotations

import array
import json
import multiprocessing
import os
import resource
import socket
import sys
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

__all__ = ["Client", "compose", "main"]

ANNOUNCEMENT = b"protocol\0connection_cache_protocol\0\0"
DUMMY = b"dummy\0\0\0"
OK = b"status\x000\0\0"
MISS = b"status\x002\0property\0\0\0"
TTL = b"1000000"
"""Seconds; the daemon's limit is set as high, so that nothing expires while it is measured."""

SAVE_DEST, SAVE_ENDP, SESSION_OUT, FIND_DEST, SESSION_IN, FIND_ENDP, STEPS = range(7)
ENDS_REQUEST = (True, False, True, False, True, True)
"""Whether the answer to each step is the last one of a request."""

CONTROL_ROOM = socket.CMSG_SPACE(array.array("i").itemsize)


def attributes(*strings: bytes) -> bytes:
    """The list of these names and values, alternating."""
    return b"".join(string + b"\0" for string in strings) + b"\0"


def compose(family: bytes, number: int) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """What the client, or the cached pair, of this number writes in each step, and the answer to each.

    b"" stands for the byte that carries a descriptor.
    """
    name = b"%b%d" % (family, number)
    destination = b"smtp\n[%b.example]:25\n" % name
    endpoint = b"smtp\n%b\n25\n0\n" % name
    destination_property = (
        b"destination=%b.example\nhost_name=mx.%b.example\nhost_addr=127.0.0.3\ndestination_features=0\n\n"
    ) % (name, name)
    endpoint_property = b"tls_level=0\nreuse_count=1\nendpoint_features=4107\nexpire_time=%d\n\n" % (
        1800000000 + number
    )
    binding = (b"label", destination, b"property", destination_property, b"label", endpoint)
    session = (b"label", endpoint, b"property", endpoint_property)
    properties = (b"property", destination_property, b"property", endpoint_property)
    writes = (
        attributes(b"request", b"save_dest", b"ttl", TTL, *binding),
        attributes(b"request", b"save_endp", b"ttl", TTL, *session),
        b"",
        attributes(b"request", b"find_dest", b"label", destination),
        DUMMY,
        attributes(b"request", b"find_endp", b"label", b"smtp\n%b.absent\n25\n0\n" % name),
    )
    return writes, (OK, DUMMY, OK, attributes(b"status", b"0", *properties), b"", MISS)


class Client:
    """One client: its connection, the session it saves, its prepared messages, and the step it is at."""

    def __init__(self, path: str, family: bytes, number: int) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.connect(path)
        self.become(family, number)
        self.asked = 0
        self.step = SAVE_DEST
        self.owed = b""
        """The last dummy of a hit, which goes out with the next request, as smtp(8)'s does."""

    def become(self, family: bytes, number: int) -> None:
        """Prepare the messages and a session of this number."""
        self.writes, self.answers = compose(family, number)
        self.session, self.remote = socket.socketpair()
        self.rights = [
            (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [self.session.fileno()]).tobytes())
        ]

    def begin(self) -> None:
        """Take the announcement."""
        self.expect(ANNOUNCEMENT)

    def expect(self, wanted: bytes) -> None:
        """Read the answer, and end the program where it is not the wanted one."""
        received = self.connection.recv(4096)
        while len(received) < len(wanted) and wanted.startswith(received):
            more = self.connection.recv(4096)
            if not more:
                break
            received += more
        if received != wanted:
            sys.exit(f"load: expected {wanted!r}, received {received!r}")

    def write(self) -> None:
        """Send what the step asks for."""
        step = self.step
        if step == SESSION_OUT:
            self.connection.sendmsg([b"\0"], self.rights)
            return
        if step != SESSION_IN:
            self.asked = time.monotonic_ns()
        self.connection.send(self.owed + self.writes[step])
        self.owed = b""

    def read(self) -> bool:
        """Take the answer that the step waits for; whether it was the last one of a request."""
        step = self.step
        if step == SESSION_IN:
            self.receive_session()
            self.owed = DUMMY
        else:
            self.expect(self.answers[step])
        return ENDS_REQUEST[step]

    def receive_session(self) -> None:
        """Take the byte with the descriptor, and close the descriptor."""
        data, ancillary, _, _ = self.connection.recvmsg(2, CONTROL_ROOM, socket.MSG_CMSG_CLOEXEC)
        if len(data) != 1 or len(ancillary) != 1:
            sys.exit(f"load: expected one byte with a descriptor, received {data!r} with {len(ancillary)}")
        os.close(int.from_bytes(ancillary[0][2], sys.byteorder))

    def iterate(self, last: int = FIND_ENDP) -> None:
        """Take all steps up to this one, alone."""
        for step in range(last + 1):
            self.step = step
            self.write()
            self.read()
        self.step = SAVE_DEST

    def close(self) -> None:
        """Close the connection and both ends of the session."""
        self.connection.close()
        self.session.close()
        self.remote.close()


def preload(path: str, count: int) -> list[socket.socket]:
    """Save pairs over one connection; returns the remote ends of their sessions, to be kept open."""
    remotes = []
    saver = Client(path, b"cached", 0)
    saver.begin()
    for number in range(count):
        saver.session.close()
        saver.remote.close()
        saver.become(b"cached", number)
        saver.iterate(SESSION_OUT)
        remotes.append(saver.remote.dup())
    saver.close()
    return remotes


def run_client(client: Client, deadline: int) -> array.array[int]:
    """Iterate until the deadline; the latency of each request in nanoseconds."""
    latencies = array.array("Q")
    while True:
        for step in range(STEPS):
            client.step = step
            client.write()
            if client.read():
                now = time.monotonic_ns()
                latencies.append(now - client.asked)
        if now >= deadline:
            return latencies


def be_client(path: str, number: int, channel: Connection) -> None:
    """What a client's process does, until its channel closes: a run for each deadline that comes."""
    client = Client(path, b"client", number)
    client.begin()
    client.iterate()
    channel.send(None)
    while True:
        try:
            deadline = channel.recv()
        except EOFError:
            return
        cpu = time.process_time_ns()
        latencies = run_client(client, deadline)
        channel.send((latencies, time.process_time_ns() - cpu))


class ClientProcess:
    """A client in a process of its own, as smtp(8) is."""

    def __init__(self, path: str, number: int) -> None:
        context = multiprocessing.get_context("fork")
        self.channel, theirs = context.Pipe()
        self._process = context.Process(target=be_client, args=(path, number, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()
        self.channel.close()


def open_clients(path: str, count: int) -> list[ClientProcess]:
    """Start that many clients and let each take one iteration."""
    clients = [ClientProcess(path, number) for number in range(count)]
    for client in clients:
        client.channel.recv()
    return clients


def run(clients: list[ClientProcess], seconds: float) -> dict[str, int]:
    """All clients iterate until the time is over; then each finishes its iteration."""
    begin = time.monotonic_ns()
    for client in clients:
        client.channel.send(begin + int(seconds * 1e9))
    results = [client.channel.recv() for client in clients]
    elapsed = time.monotonic_ns() - begin
    ordered: list[int] = sorted(latency for latencies, _ in results for latency in latencies)

    def percentile(share: float) -> int:
        return ordered[int(share * (len(ordered) - 1))]

    return {
        "requests": len(ordered),
        "elapsed_ns": elapsed,
        "cpu_ns": sum(cpu for _, cpu in results),
        "p50_ns": percentile(0.5),
        "p99_ns": percentile(0.99),
        "p999_ns": percentile(0.999),
        "longest_ns": ordered[-1],
    }


def main(path: str) -> None:
    """Carry out the commands of standard input."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    remotes: list[socket.socket] = []
    clients: list[ClientProcess] = []
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        answer: dict[str, int] = {}
        if command == "run":
            answer = run(clients, float(argument))
        elif command == "preload":
            remotes += preload(path, int(argument))
        elif command == "open":
            clients = open_clients(path, int(argument))
        elif command == "close":
            for client in clients:
                client.close()
        else:
            sys.exit(f"load: unknown command: {command}")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except EOFError:  # a client has ended, and has said why
        sys.exit(1)
