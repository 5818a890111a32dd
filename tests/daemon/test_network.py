"""The real sockets: what the kernel does with bytes and descriptors."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.daemon.network import READABLE, WRITABLE, UnixNetwork, UnixStream


@pytest.fixture
def network(tmp_path: Path) -> Iterator[UnixNetwork]:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "s"))
    listening.listen()
    network = UnixNetwork(listening.detach())
    yield network
    network._listening.close()  # a daemon keeps it to its end


@pytest.fixture
def pair(network: UnixNetwork, tmp_path: Path) -> Iterator[tuple[socket.socket, UnixStream]]:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "s"))
        stream = network.accept()
        yield client, stream
        stream.close()


Pair = tuple[socket.socket, UnixStream]


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def fill(stream: UnixStream) -> None:
    while True:
        stream.send(b"x" * 65536)


@pytest.mark.parametrize(("sent", "received"), [(0, 0), (1, 1), (2, 2), (3, 0), (9, 0)])
def test_surplus_descriptors_never_stay_open(pair: Pair, sent: int, received: int) -> None:
    client, stream = pair
    reading, writing = os.pipe()
    before = open_descriptors()
    socket.send_fds(client, [b"\0"], [reading] * sent)
    data, descriptors = stream.receive_descriptors()
    assert (data, len(descriptors)) == (b"\0", received)
    for descriptor in descriptors:
        os.close(descriptor)
    assert open_descriptors() == before
    os.close(reading)
    os.close(writing)


def test_a_received_descriptor_is_close_on_exec(pair: Pair) -> None:
    client, stream = pair
    reading, writing = os.pipe()
    socket.send_fds(client, [b"\0"], [reading])
    _data, [descriptor] = stream.receive_descriptors()
    assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    for each in (descriptor, reading, writing):
        os.close(each)


def test_only_the_one_byte_that_is_due_is_read_with_a_descriptor(pair: Pair) -> None:
    client, stream = pair
    client.sendall(b"xyz")
    assert stream.receive_descriptors() == (b"x", [])
    assert stream.receive(4096) == b"yz"


def test_a_descriptor_on_ordinary_bytes_is_dropped(pair: Pair) -> None:
    client, stream = pair
    reading, writing = os.pipe()
    before = open_descriptors()
    socket.send_fds(client, [b"request\0"], [reading])
    assert stream.receive(4096) == b"request\0"
    assert open_descriptors() == before
    os.close(reading)
    os.close(writing)


def test_the_same_file_comes_back(pair: Pair) -> None:
    client, stream = pair
    reading, writing = os.pipe()
    stream.send_descriptor(reading)
    _data, [descriptor], _flags, _address = socket.recv_fds(client, 1, 1)
    os.write(writing, b"mail")
    assert os.read(descriptor, 10) == b"mail"
    for each in (descriptor, reading, writing):
        os.close(each)


def test_nothing_blocks(network: UnixNetwork, pair: Pair) -> None:
    _client, stream = pair
    with pytest.raises(BlockingIOError):
        network.accept()
    with pytest.raises(BlockingIOError):
        stream.receive(1)
    with pytest.raises(BlockingIOError):
        stream.receive_descriptors()
    with pytest.raises(BlockingIOError):
        fill(stream)


def test_a_client_that_has_gone_is_a_broken_connection(pair: Pair) -> None:
    client, stream = pair
    client.close()
    assert stream.receive(1) == b""
    with pytest.raises(BrokenPipeError):
        stream.send(b"x")


def test_a_watched_handle_is_reported_for_what_it_is_watched_for(network: UnixNetwork, pair: Pair) -> None:
    client, stream = pair
    network.watch(stream.handle, READABLE)
    assert network.wait(0) == []
    network.watch(stream.handle, WRITABLE)
    assert network.wait(0) == [(stream.handle, WRITABLE)]
    network.watch(stream.handle, READABLE)
    client.sendall(b"x")
    assert network.wait(0) == [(stream.handle, READABLE)]
    network.unwatch(stream.handle)
    assert network.wait(0) == []


def test_the_peers_user_is_known(pair: Pair) -> None:
    assert pair[1].peer_user() == os.getuid()


@pytest.mark.parametrize("remote_closes", [True, False])
def test_a_hung_up_session_is_known_by_its_remote_side(network: UnixNetwork, remote_closes: bool) -> None:
    near, far = socket.socketpair()
    if remote_closes:
        near.close()
    assert network.hung_up(far.fileno()) is remote_closes
    near.close()
    far.close()


def test_a_session_that_is_no_socket_takes_no_goodbye_and_does_no_harm(network: UnixNetwork) -> None:
    reading, writing = os.pipe()
    network.tell(reading, b"QUIT\r\n")
    assert not network.hung_up(reading)
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(("how", "lingers"), [("close", 0), ("release", 1)])
def test_only_a_session_that_is_nobody_elses_yet_is_kept_from_lingering(
    network: UnixNetwork, how: str, lingers: int
) -> None:
    with socket.socket() as session:
        session.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
        getattr(network, how)(os.dup(session.fileno()))
        switched_on, _seconds = struct.unpack(
            "ii", session.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        )
        assert switched_on == lingers


@pytest.mark.parametrize("event", ["closes", "says something", "does nothing"])
def test_what_the_remote_side_of_a_session_does_is_known(network: UnixNetwork, event: str) -> None:
    near, far = socket.socketpair()
    with near, far:
        if event == "closes":
            near.close()
        elif event == "says something":
            near.send(b"421")
        assert network.readable(far.fileno()) is (event != "does nothing")


def test_a_successor_for_whom_too_many_wait_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(0)
        network = UnixNetwork(os.dup(listening.fileno()))
        with socket.socket(socket.AF_UNIX) as first:
            first.connect(str(tmp_path / "s"))
            for seconds in (0, 1):
                with pytest.raises(BlockingIOError):
                    network.connect_to_successor(seconds)
