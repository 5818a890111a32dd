"""The real sockets: what the kernel does with bytes and descriptors."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.cache.entries import Endpoint, Session
from scache.config.settings import Settings
from scache.daemon.network import READABLE, WRITABLE, UnixNetwork
from scache.daemon.sessions import CachedSessions
from scache.daemon.stream import UnixStream
from tests.support.descriptors import open_descriptors


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
    network.change(stream.handle, WRITABLE)
    assert network.wait(0) == [(stream.handle, WRITABLE)]
    network.change(stream.handle, READABLE)
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


class Succession:
    """The socket of a service, and the networks of two daemons on it, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "s")
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(self.path)
        self.listening.listen(0)
        self.leaving, self.next = (UnixNetwork(os.dup(self.listening.fileno())) for _ in range(2))


@pytest.fixture
def succession(tmp_path: Path) -> Iterator[Succession]:
    made = Succession(tmp_path)
    with made.listening:
        yield made
    made.leaving._listening.close()
    made.next._listening.close()


@pytest.mark.parametrize("others_wait", [False, True])
def test_two_daemons_find_each_other_whoever_waits_for_the_service(
    succession: Succession, others_wait: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        if others_wait:
            other.connect(succession.path)
        succession.leaving.listen_for_successor()
        predecessor = succession.next.predecessor()
        assert predecessor is not None
        successor = succession.leaving.await_successor(20)
        predecessor.send(b"?")
        assert successor.receive(2) == b"?"
        succession.listening.accept()[0].close()  # somebody came, so that the next one was started
        predecessor.close()
        successor.close()
    assert os.listdir(os.path.dirname(succession.path)) == ["s"]


def test_a_successor_that_does_not_come_is_not_waited_for_for_ever(succession: Succession) -> None:
    succession.leaving.listen_for_successor()
    with pytest.raises(TimeoutError):
        succession.leaving.await_successor(0.01)
    assert succession.next.predecessor() is None


@pytest.mark.parametrize("how", ["speaks to who comes", "stops listening"])
def test_who_serves_or_stops_without_caring_for_its_predecessor_is_not_waited_for(
    succession: Succession, how: str
) -> None:
    succession.leaving.listen_for_successor()
    succession.next._listening.close()

    def serve() -> None:
        with succession.listening as listening:
            select.select([listening], [], [])
            if how == "speaks to who comes":
                with listening.accept()[0] as client:
                    client.send(b"protocol")

    serving = threading.Thread(target=serve)
    serving.start()
    with pytest.raises(ConnectionAbortedError):
        succession.leaving.await_successor(600)
    serving.join()


def test_nobody_is_waited_for_where_nobody_listens(succession: Succession) -> None:
    succession.leaving.listen_for_successor()
    succession.listening.close()
    succession.next._listening.close()
    with pytest.raises(ConnectionRefusedError):
        succession.leaving.await_successor(20)


@pytest.mark.parametrize("left", ["a socket", "a link to nowhere"])
def test_what_was_left_where_two_daemons_meet_is_in_nobodys_way(succession: Succession, left: str) -> None:
    place = f"{succession.path}.handover"
    if left == "a socket":  # of a predecessor that was killed
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(place)
    else:
        os.symlink("nowhere", place)
    assert succession.next.predecessor() is None
    succession.leaving.listen_for_successor()
    predecessor = succession.next.predecessor()
    assert predecessor is not None
    succession.leaving.await_successor(20).close()
    predecessor.close()


def test_a_predecessor_that_sees_to_nobody_is_not_waited_for(succession: Succession) -> None:
    with socket.socket(socket.AF_UNIX) as standing_still, socket.socket(socket.AF_UNIX) as earlier:
        standing_still.bind(f"{succession.path}.handover")
        standing_still.listen(0)
        earlier.connect(standing_still.getsockname())
        found: list[object] = []
        looking = threading.Thread(target=lambda: found.append(succession.next.predecessor()), daemon=True)
        looking.start()
        looking.join(20)
        assert found == [None]


def kinds_of_descriptors(folder: Path) -> Iterator[tuple[str, int]]:
    """Everything that somebody might send in place of a connection; closed behind it."""
    with contextlib.ExitStack() as stack:
        made: list[int] = []

        def kept(descriptor: int) -> int:
            made.append(descriptor)
            return descriptor

        sockets = [stack.enter_context(one) for one in (*socket.socketpair(), *socket.socketpair())]
        in_itself, other_end = sockets[:2]
        socket.send_fds(other_end, [b"\0"], [in_itself.fileno()])
        lingering = stack.enter_context(socket.socket())
        with socket.create_server(("127.0.0.1", 0)) as server:
            lingering.connect(server.getsockname())
            accepted = stack.enter_context(server.accept()[0])
        lingering.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 30))
        lingering.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                lingering.send(b"x" * 65536)
        assert accepted.fileno() >= 0
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(folder / "listening"))
        listening.listen()
        reading, writing = os.pipe()
        yield from (
            ("a file", kept(os.open(folder / "file", os.O_CREAT | os.O_RDWR))),
            ("a directory", kept(os.open(folder, os.O_RDONLY))),
            ("a path", kept(os.open(folder, os.O_PATH))),
            ("the reading end of a pipe", kept(reading)),
            ("the writing end of a pipe", kept(writing)),
            ("an epoll set", stack.enter_context(select.epoll()).fileno()),
            ("a process", kept(os.pidfd_open(os.getpid()))),
            ("a listener", listening.fileno()),
            ("a datagram socket", stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)).fileno()),
            ("a socket without a peer", stack.enter_context(socket.socket()).fileno()),
            ("a socket in flight inside itself", in_itself.fileno()),
            ("a connection", sockets[2].fileno()),
            ("a connection with unsent bytes that lingers", lingering.fileno()),
        )
        for descriptor in made:
            os.close(descriptor)


CONNECTIONS = {
    "a connection",
    "a connection with unsent bytes that lingers",
    "a socket in flight inside itself",
}


def test_only_connected_stream_sockets_are_connections(network: UnixNetwork, tmp_path: Path) -> None:
    found = {name for name, descriptor in kinds_of_descriptors(tmp_path) if network.is_connection(descriptor)}
    assert found == CONNECTIONS


def cached_sessions(network: UnixNetwork) -> CachedSessions:
    return CachedSessions(network, Settings(watch=True), lambda: None, lambda _seconds, _handler: None)


def test_what_cannot_be_watched_has_not_ended_though_it_can_be_read(
    network: UnixNetwork, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    sessions = cached_sessions(network)
    with (tmp_path / "file").open() as file:
        session = Session(Endpoint(b"E"), b"P", file.fileno(), 2, 1)
        sessions.watch(session)
        assert not sessions.has_ended(session)
        sessions.watch(session)
        sessions.watch_fresh(0)
        assert not sessions.has_ended(session)


@pytest.mark.parametrize("watched", [False, True])
def test_no_kind_of_descriptor_blocks_at_its_close_or_stays(
    network: UnixNetwork, tmp_path: Path, watched: bool
) -> None:
    sessions = cached_sessions(network)
    before = open_descriptors()
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for number, (_name, descriptor) in enumerate(kinds_of_descriptors(tmp_path)):
            session = Session(Endpoint(b"E"), b"P", os.dup(descriptor), 2, number)
            signal.alarm(5)
            sessions.watch(session)
            if watched:
                sessions.watch_fresh(0)
            sessions.discard(session)
            signal.alarm(0)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
    assert not sessions.watched
    assert open_descriptors() == before
