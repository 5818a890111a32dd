"""What the stand-alone daemon survives, and what it leaves to nobody."""

from __future__ import annotations

import resource
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from scache.client import Client

HALF_A_MESSAGE = b"request\0save_dest\0ttl\0009\0label\0" + b"x" * ((1 << 20) - 100)
CLOSED = "warning: client closed: out of memory"


class Running:
    """`scache serve` on a socket of its own, with these parameters and so many bytes of address space."""

    def __init__(self, folder: Path, *parameters: str, room: int = resource.RLIM_INFINITY) -> None:
        self.path = str(folder / "scache")
        options = [word for parameter in parameters for word in ("-o", parameter)]
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notified.bind(str(folder / "notify"))
        notified.settimeout(30)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scache", "serve", "--socket", self.path, *options],
            env={"NOTIFY_SOCKET": str(folder / "notify"), "PYTHONPATH": ":".join(sys.path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        with notified:
            assert notified.recv(4096).startswith(b"READY=1")
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (room, room))

    def limits(self) -> dict[str, list[str]]:
        lines = Path(f"/proc/{self.process.pid}/limits").read_text().splitlines()
        return {line[:26].strip(): line[26:].split() for line in lines}

    def ends(self) -> list[str]:
        self.process.terminate()
        return self.process.communicate(timeout=30)[1].splitlines()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connected(path: str) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(path)
    client.recv(4096)
    return client


@pytest.mark.lasting
def test_when_memory_runs_out_who_holds_most_is_closed_and_others_are_served(
    tmp_path: Path, closing: ExitStack
) -> None:
    daemon = Running(
        tmp_path, "scache_unfinished_limit=1000000000", "connection_cache_ttl_limit=99", room=150 << 20
    )
    closing.callback(daemon.close)
    other = closing.enter_context(Client(daemon.path))
    assert other.save_dest(99, b"D", b"DP", b"E")
    with socket.socket() as session:
        assert other.save_endp(99, b"E", b"EP", session.fileno())
    for _ in range(200):
        greedy = closing.enter_context(connected(daemon.path))
        try:
            greedy.sendall(HALF_A_MESSAGE)
        except ConnectionError:
            continue
    found = other.find_dest(b"D")
    assert found is not None
    assert found[:2] == (b"DP", b"EP")
    closing.callback(socket.socket(fileno=found[2]).close)
    log = daemon.ends()
    assert log.count(CLOSED) == 1
    assert len(log) < 10


def lingering() -> tuple[socket.socket, socket.socket]:
    """A connection whose last closer waits two minutes, as its peer does not read; and the peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _address = server.accept()
    near.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            near.send(bytes(65536))
    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 120))
    return near, far


def put_lingering(sink: socket.socket, closing: ExitStack, count: int = 1) -> None:
    """Send such connections; nobody may receive them yet, or closing them here would wait."""
    pairs = [lingering() for _ in range(count)]
    socket.send_fds(sink, [b"\0"], [near.fileno() for near, _far in pairs])
    for near, far in pairs:
        near.close()
        closing.callback(far.close)


def begin_save(client: socket.socket) -> None:
    client.sendall(b"request\0save_endp\0ttl\x001\0label\0E\0property\0P\0\0")
    assert client.recv(4096) == b"dummy\0\0\0"


def put_socket_with_lingering(client: socket.socket, closing: ExitStack) -> None:
    near, far = socket.socketpair()
    closing.callback(near.close)
    put_lingering(near, closing)
    socket.send_fds(client, [b"\0"], [far.fileno()])
    far.close()


#: What a hostile client says first, and what it sends to a daemon that is stopped meanwhile.
WAYS = {
    "unasked": (lambda _client: None, put_lingering),
    "too-many": (begin_save, lambda client, closing: put_lingering(client, closing, 3)),
    "in-a-socket": (lambda _client: None, put_socket_with_lingering),
    "in-a-session": (begin_save, put_socket_with_lingering),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_lingers_where_the_kernel_closes_it_holds_nobody_up(
    way: str, tmp_path: Path, closing: ExitStack
) -> None:
    say, put = WAYS[way]
    daemon = Running(tmp_path)
    closing.callback(daemon.close)
    hostile = closing.enter_context(connected(daemon.path))
    other = closing.enter_context(connected(daemon.path))
    say(hostile)
    daemon.process.send_signal(signal.SIGSTOP)
    put(hostile, closing)
    daemon.process.send_signal(signal.SIGCONT)
    if say is begin_save:
        assert hostile.recv(4096).startswith(b"status\0")
    answered(other)
    assert daemon.ends()  # which closes what is cached


def answered(client: socket.socket) -> None:
    client.sendall(b"request\0find_endp\0label\0nobody\0\0")
    assert client.recv(4096) == b"status\x002\0property\0\0\0"


def test_it_leaves_no_core_file_unless_it_is_told_to(tmp_path: Path, closing: ExitStack) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_CORE)
    for parameter, expected in (("no", ["0", "0", "bytes"]), ("yes", None)):
        folder = tmp_path / parameter
        folder.mkdir()
        daemon = Running(folder, f"scache_core_dump={parameter}")
        closing.callback(daemon.close)
        limits = daemon.limits()["Max core file size"]
        assert limits == expected if expected else limits[0] == _written(unlimited[0])


def _written(limit: int) -> str:
    return "unlimited" if limit == resource.RLIM_INFINITY else str(limit)


def test_nobody_but_root_can_look_into_it() -> None:
    program = (
        "import ctypes; from scache.daemon.core_dump import forbid_core_dumps as forbid;"
        "get = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0); print(get()); forbid(); print(get())"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1", "0"]
