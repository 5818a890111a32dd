"""The recording proxy, turn by turn: nothing is changed, held up or lost on the way."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import resource
import select
import signal
import socket
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scache import rights
from scache.cli import main
from scache.commands.trace_convert import run as convert
from scache.daemon.socket_file import SocketFile
from scache.errors import UsageError
from scache.simulated.clock import VirtualClock
from scache.trace.format.events import Event, Kind, Side
from scache.trace.format.reader import TraceReader
from scache.trace.format.writer import TraceWriter
from scache.trace.record import recording as recording_module
from scache.trace.record.flow import PORTION
from scache.trace.record.listening import access_like
from scache.trace.record.priority import HIGHEST, ahead_of_the_rest
from scache.trace.record.recorder import BUSY, Recorder
from scache.trace.record.recording import Recording, part_path
from tests.support.trace_dialogues import HEADER, client, closes, opens, read, server, words, write


@contextmanager
def listening_like(path: Path, upstream: Path) -> Iterator[socket.socket]:
    """The recorder's own socket."""
    with SocketFile(str(path), access_like(upstream)) as listener, socket.socket(fileno=listener) as stream:
        stream.setblocking(False)
        yield stream


class Proxy:
    """A recorder between clients and an upstream, both the test's; it moves only when told."""

    def __init__(
        self, directory: Path, upstream: socket.socket, recorder: Recorder, recording: Recording
    ) -> None:
        self.directory = directory
        self.upstream = upstream
        self.recorder = recorder
        self.recording = recording
        self.said: list[str] = []
        self.events: list[Event] = []

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """A client, and the server's end of its connection through the recorder."""
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(str(self.directory / "listen"))
        stream.setblocking(False)
        self.turns()
        try:
            accepted, _ = self.upstream.accept()
        except BlockingIOError:
            stream.close()
            raise
        accepted.setblocking(False)
        return stream, accepted

    def turns(self, count: int = 4) -> None:
        """Let the recorder do what there is to do."""
        for _ in range(count):
            self.recorder.stop()
            self.recorder.run()

    def recorded(self) -> list[Event]:
        """What is recorded, times aside."""
        self.recording.close()
        return [event._replace(at=0.0) for event in read(self.directory / "t")]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen(2000)
        said: list[str] = []
        with listening_like(tmp_path / "listen", tmp_path / "upstream") as listener:
            recording = Recording(tmp_path / "t", HEADER, VirtualClock(), said.append)
            recorder = Recorder(listener, tmp_path / "upstream", recording, said.append)
            made = Proxy(tmp_path, upstream, recorder, recording)
            made.said = said
            add = recording.add
            recording.add = lambda event: (made.events.append(event), add(event))[1]  # type: ignore[method-assign]
            yield made
            recorder.close()
            recording.close()


def fill(proxy: Proxy, stream: socket.socket) -> int:
    """Send until nothing on the way takes any more; how many bytes that was."""
    sent = 0
    try:
        while True:
            sent += stream.send(b"x" * 65536)
            proxy.turns(1)
    except BlockingIOError:
        return sent


def close_all(*streams: socket.socket) -> None:
    for stream in streams:
        stream.close()


def test_a_conversation_passes_unchanged_and_is_recorded(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    accepted.send(b"protocol\0x\0\0")
    proxy.turns()
    assert stream.recv(100) == b"protocol\0x\0\0"
    stream.send(words("request", "find_endp", "label", "E"))
    proxy.turns()
    assert accepted.recv(100) == words("request", "find_endp", "label", "E")
    stream.close()
    proxy.turns()
    assert accepted.recv(100) == b""
    accepted.close()
    assert proxy.recorded() == [
        Event(0, 1, Kind.OPEN, Side.CLIENT),
        server(0, 1, b"protocol\0x\0\0"),
        client(0, 1, words("request", "find_endp", "label", "E")),
        Event(0, 1, Kind.CLOSE, Side.CLIENT),
    ]
    assert proxy.said == []


def test_a_session_has_the_same_token_in_both_directions_and_the_recorder_keeps_no_copy(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    near, remote = socket.socketpair()
    rights.send(stream, b"\0", [near.fileno()])
    near.close()
    proxy.turns()
    _, (saved,), _ = rights.receive(accepted, 1, rights.room_for(1))
    rights.send(accepted, b"\0", [saved])
    os.close(saved)
    proxy.turns()
    _, (found,), _ = rights.receive(stream, 1, rights.room_for(1))
    os.write(found, b"the same")
    assert remote.recv(100) == b"the same"
    os.close(found)
    assert remote.recv(100) == b""  # no copy of the descriptor is left anywhere
    close_all(stream, accepted, remote)
    assert [(event.side, event.tokens) for event in proxy.recorded() if event.tokens] == [
        (Side.CLIENT, ("A",)),
        (Side.SERVER, ("A",)),
    ]


def test_a_session_that_never_came_from_a_client_is_unknown(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    near, remote = socket.socketpair()
    rights.send(accepted, b"\0", [near.fileno()])
    proxy.turns()
    _, (found,), _ = rights.receive(stream, 1, rights.room_for(1))
    os.close(found)
    close_all(stream, accepted, near, remote)
    assert [event.tokens for event in proxy.recorded() if event.tokens] == [("?",)]


def test_a_descriptor_stays_on_its_own_byte_where_the_kernel_glued_bytes_to_it(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    near, remote = socket.socketpair()
    stream.send(b"request\0\0")
    rights.send(stream, b"\0", [near.fileno()])
    proxy.turns()
    assert accepted.recv(len(b"request\0\0")) == b"request\0\0"
    data, descriptors, _ = rights.receive(accepted, 1, rights.room_for(1))
    assert (data, len(descriptors)) == (b"\0", 1)
    os.close(descriptors[0])
    close_all(stream, accepted, near, remote)


def test_a_half_closed_client_still_gets_its_answer(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    stream.send(b"request")
    stream.shutdown(socket.SHUT_WR)
    proxy.turns()
    assert (accepted.recv(100), accepted.recv(100)) == (b"request", b"")
    accepted.send(b"status")
    proxy.turns()
    assert stream.recv(100) == b"status"
    accepted.close()
    proxy.turns()
    assert stream.recv(100) == b""
    stream.close()
    assert [(event.kind, event.side) for event in proxy.recorded()] == [
        (Kind.OPEN, Side.CLIENT),
        (Kind.DATA, Side.CLIENT),
        (Kind.END, Side.CLIENT),
        (Kind.DATA, Side.SERVER),
        (Kind.CLOSE, Side.SERVER),
    ]


def test_a_client_that_reads_nothing_holds_up_its_own_server_only(proxy: Proxy) -> None:
    lazy, filling = proxy.connect()
    busy, answering = proxy.connect()
    sent = fill(proxy, filling)
    busy.send(b"request")
    proxy.turns()
    assert answering.recv(100) == b"request"
    received = 0
    while received < sent:
        received += len(lazy.recv(1 << 20))
        proxy.turns()
    assert received == sent
    close_all(lazy, filling, busy, answering)


def test_what_a_client_sent_before_it_left_still_arrives(proxy: Proxy) -> None:
    stream, accepted = proxy.connect()
    sent = fill(proxy, stream)
    stream.close()
    received = 0
    while part := accepted.recv(1 << 20):
        received += len(part)
        proxy.turns()
    assert received == sent == sum(len(event.data) for event in proxy.recorded())
    accepted.close()


def test_a_thousand_clients_are_served_at_once(proxy: Proxy) -> None:
    pairs = [proxy.connect() for _ in range(1000)]
    for number, (stream, _) in enumerate(pairs):
        stream.send(b"%d" % number)
    proxy.turns(20)
    for number, (_, accepted) in enumerate(pairs):
        assert accepted.recv(100) == b"%d" % number
    for stream, accepted in pairs:
        close_all(stream, accepted)
    proxy.turns(20)
    assert proxy.recorder.connections == 0
    assert proxy.said == []


def test_a_client_is_turned_away_while_the_upstream_is_gone_and_it_is_said_once(proxy: Proxy) -> None:
    proxy.upstream.close()
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(proxy.directory / "listen"))
            proxy.turns()
            assert stream.recv(100) == b""
    assert proxy.said == [f"{proxy.directory}/upstream: Connection refused; clients are turned away"]


def test_a_client_waits_where_the_queue_of_the_upstream_is_full(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen(0)
        with listening_like(tmp_path / "listen", tmp_path / "upstream") as listener:
            recording = Recording(tmp_path / "t", HEADER, VirtualClock(), print)
            recorder = Recorder(listener, tmp_path / "upstream", recording, print)
            clients = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for number, stream in enumerate(clients):
                stream.connect(str(tmp_path / "listen"))
                stream.send(b"%d" % number)
            arrived: set[bytes] = set()
            while len(arrived) < 3:
                upstream.setblocking(False)
                recorder.stop()
                recorder.run()
                try:
                    accepted, _ = upstream.accept()
                except BlockingIOError:
                    continue
                recorder.stop()
                recorder.run()
                arrived.add(accepted.recv(100))
                accepted.close()
            assert arrived == {b"0", b"1", b"2"}
            close_all(*clients)
            recorder.close()
            recording.close()


def test_the_socket_can_be_used_by_whoever_can_use_the_upstream(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen()
        (tmp_path / "upstream").chmod(0o646)
        with listening_like(tmp_path / "listen", tmp_path / "upstream"):
            assert (tmp_path / "listen").stat().st_mode & 0o777 == 0o646
        assert not (tmp_path / "listen").exists()


@pytest.mark.parametrize(
    ("listen", "upstream", "complaint"),
    [
        ("upstream", "upstream", "upstream: in use by a living server"),
        ("listen", "nowhere", "nowhere: No such file or directory"),
        ("l" * 120, "upstream", "AF_UNIX path too long"),
        ("no/where", "upstream", "no/where: No such file or directory"),
        ("file", "upstream", "file: exists and is not a socket"),
    ],
)
def test_a_socket_path_that_can_not_be_used_is_refused(
    tmp_path: Path, listen: str, upstream: str, complaint: str
) -> None:
    (tmp_path / "file").write_text("precious")
    with socket.socket(socket.AF_UNIX) as stream:
        stream.bind(str(tmp_path / "upstream"))
        stream.listen()
        with pytest.raises(UsageError, match=complaint):
            listening_like(tmp_path / listen, tmp_path / upstream).__enter__()
    assert (tmp_path / "file").read_text() == "precious"


def test_the_socket_of_a_killed_recorder_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen()
        with socket.socket(socket.AF_UNIX) as left_over:
            left_over.bind(str(tmp_path / "listen"))
        with listening_like(tmp_path / "listen", tmp_path / "upstream") as listener:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.connect(str(tmp_path / "listen"))
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(1) == b""


def test_parts_follow_each_other_and_can_be_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "LOOK", 10)
    events = [*opens(0, 1), *opens(0, 2), *(client(0, 1, b"%d\0\0" % number) for number in range(50))]
    recording = Recording(tmp_path / "t.jsonl.gz", HEADER, VirtualClock(), print, rotate=1)
    for event in events:
        recording.add(event)
    recording.close()
    parts = [part_path(tmp_path / "t.jsonl.gz", number) for number in range(1, 7)]
    assert [path.name for path in parts[:3]] == ["t.jsonl.gz", "t.2.jsonl.gz", "t.3.jsonl.gz"]
    assert all(path.exists() for path in parts)
    joined = tmp_path / "joined.jsonl"

    assert convert(Namespace(files=parts, output=joined)) == 0
    assert read(joined) == events


def test_parts_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    first = write(tmp_path / "1")

    with pytest.raises(UsageError, match="is not part 2 of the recording"):
        convert(Namespace(files=[first, first], output=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_recording_can_hold_pseudonyms_only(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "t", HEADER, VirtualClock(), print, redact=True)
    asked = words("request", "find_endp", "label", "smtp\n192.0.2.1\n25\n0\n")
    for event in [*opens(0, 1), client(0, 1, asked[:40]), client(0, 1, asked[40:])]:
        recording.add(event)
    recording.close()
    assert read(tmp_path / "t")[2:] == [
        client(0, 1, words("request", "find_endp", "label")[:-1]),
        client(0, 1, b"smtp\n240.0.0.1\n25\n0\n\0\0"),
    ]


def test_clients_beyond_the_limit_of_open_files_wait_for_others_to_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scache.trace.record.recorder._room_for_connections", lambda: 1)
    said: list[str] = []
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen()
        with listening_like(tmp_path / "listen", tmp_path / "upstream") as listener:
            recording = Recording(tmp_path / "t", HEADER, VirtualClock(), print)
            recorder = Recorder(listener, tmp_path / "upstream", recording, said.append)
            proxy = Proxy(tmp_path, upstream, recorder, recording)
            first, accepted = proxy.connect()
            upstream.setblocking(False)
            with pytest.raises(BlockingIOError):
                proxy.connect()
            close_all(first, accepted)
            proxy.turns()
            close_all(*proxy.connect())
            recorder.close()
            recording.close()
    assert said == ["the limit of open files allows 1 clients: others wait"]


@pytest.fixture
def spawned(tmp_path: Path) -> Iterator[tuple[socket.socket, subprocess.Popen[str]]]:
    """`scache record` as a process of its own, whose files can't grow beyond 100 kB."""
    with socket.socket(socket.AF_UNIX) as upstream:
        upstream.bind(str(tmp_path / "upstream"))
        upstream.listen()
        command = [sys.executable, "-m", "scache", "record"]
        paths = [f"--listen={tmp_path}/listen", f"--upstream={tmp_path}/upstream", f"--output={tmp_path}/t"]
        process = subprocess.Popen(
            [*command, *paths],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        )
        assert process.stderr is not None
        assert process.stderr.readline().startswith("scache: recording what comes to ")
        yield upstream, process
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_recording_and_the_file_is_whole(
    tmp_path: Path, spawned: tuple[socket.socket, subprocess.Popen[str]], number: signal.Signals
) -> None:
    upstream, process = spawned
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(tmp_path / "listen"))
        accepted, _ = upstream.accept()
        stream.send(b"request\0\0")
        assert accepted.recv(100) == b"request\0\0"
        process.send_signal(number)
        assert process.wait(30) == 0
        accepted.close()
    assert [event.data for event in read(tmp_path / "t")] == [b"", b"request\0\0"]
    assert not (tmp_path / "listen").exists()


def test_the_recorder_has_its_turn_before_clients_where_that_is_permitted(
    spawned: tuple[socket.socket, subprocess.Popen[str]],
) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    with ahead_of_the_rest() as permitted:
        assert os.getpriority(os.PRIO_PROCESS, 0) == (HIGHEST if permitted else own)
        assert os.getpriority(os.PRIO_PROCESS, spawned[1].pid) == (HIGHEST if permitted else own)
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_a_priority_that_is_not_permitted_is_left_as_it_was_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr(Recorder, "run", lambda _: None)
    listen, upstream, output = (tmp_path / name for name in ("listen", "upstream", "t"))
    with socket.socket(socket.AF_UNIX) as server_socket:
        server_socket.bind(str(upstream))
        assert main(["record", f"--listen={listen}", f"--upstream={upstream}", f"--output={output}"]) == 0
    assert (
        capsys.readouterr().err
        == f"scache: recording what comes to {listen} in {output} (a high priority is not permitted)\n"
    )


def test_the_proxy_goes_on_when_the_disk_is_full_and_what_is_in_the_file_is_whole(
    tmp_path: Path, spawned: tuple[socket.socket, subprocess.Popen[str]]
) -> None:
    upstream, process = spawned
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect(str(tmp_path / "listen"))
        accepted, _ = upstream.accept()
        for _ in range(5000):
            stream.sendall(b"x" * 100)
            received = 0
            while received < 100:
                received += len(accepted.recv(100))
        process.terminate()
        _, said = process.communicate(timeout=30)
        accepted.close()
    assert process.returncode == 0
    assert said.startswith(f"scache: {tmp_path}/t: File too large; going on without recording\n")
    assert "events are missing" in said
    assert {event.data for event in read(tmp_path / "t")} <= {b"", b"x" * 100}


class Disk:
    """A disk that is full when it is told so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        hand_over = TraceWriter._hand_over

        def on_disk(writer: TraceWriter) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            hand_over(writer)

        monkeypatch.setattr(TraceWriter, "_hand_over", on_disk)


class Recorded:
    """A recording on a clock that moves only when told."""

    def __init__(self, directory: Path) -> None:
        self.said: list[str] = []
        self.clock = VirtualClock()
        self.recording = Recording(directory / "t", HEADER, self.clock, self.said.append)

    def add(self, *events: Event) -> None:
        for event in events:
            self.recording.add(event)

    def a_second_passes(self) -> None:
        self.clock.advance(1)
        self.recording.keep_up()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    recorded = Recorded(tmp_path)
    yield recorded
    recorded.recording.close()


def test_a_recording_goes_on_in_a_new_part_when_the_disk_has_room_again_and_says_how_much_is_missing(
    tmp_path: Path, disk: Disk, recorded: Recorded
) -> None:
    recorded.add(*opens(0, 1))
    recorded.a_second_passes()
    recorded.add(client(0, 1, b"lost\0\0"))
    disk.full = True
    recorded.a_second_passes()
    recorded.add(client(0, 1, b"lost\0\0"), *opens(0, 2))
    recorded.a_second_passes()
    assert not (tmp_path / "t.2").exists()
    disk.full = False
    recorded.a_second_passes()
    recorded.add(client(0, 2, b"there\0\0"), *closes(0, 1))
    recorded.recording.close()
    assert recorded.said == [
        f"{tmp_path}/t: No space left on device; going on without recording",
        f"{tmp_path}/t.2: recording again; 4 events are missing before it",
    ]
    assert read(tmp_path / "t") == opens(0, 1)
    assert read(tmp_path / "t.2") == [client(0, 2, b"there\0\0"), *closes(0, 1)]
    with TraceReader(tmp_path / "t.2", print) as part:
        assert (part.header.part, part.header.continued, part.header.missing) == (2, (1, 2), 4)
    with pytest.raises(UsageError, match=r"t\.2: 4 events are missing before it"):
        convert(Namespace(files=[tmp_path / "t", tmp_path / "t.2"], output=tmp_path / "joined"))
    assert not (tmp_path / "joined").exists()


def test_what_is_missing_at_the_end_is_said(tmp_path: Path, disk: Disk, recorded: Recorded) -> None:
    recorded.add(*opens(0, 1))
    disk.full = True
    recorded.recording.close()
    assert recorded.said == [
        f"{tmp_path}/t: No space left on device; going on without recording",
        f"{tmp_path}/t: 2 events are missing at the end",
    ]


@pytest.mark.parametrize("moved", [True, False], ids=["moved away", "removed"])
def test_a_file_that_is_gone_is_noticed_and_the_recording_goes_on(
    tmp_path: Path, recorded: Recorded, moved: bool
) -> None:
    recorded.add(*opens(0, 1))
    if moved:
        (tmp_path / "t").rename(tmp_path / "elsewhere")
    else:
        (tmp_path / "t").unlink()
    recorded.a_second_passes()
    recorded.add(*closes(0, 1))
    recorded.recording.close()
    assert recorded.said == [f"{tmp_path}/t: is gone, with what was recorded in it; going on in a new part"]
    assert read(tmp_path / "t.2") == closes(0, 1)
    assert not moved or read(tmp_path / "elsewhere") == opens(0, 1)


def test_a_file_of_the_next_part_s_name_is_left_alone(tmp_path: Path, recorded: Recorded) -> None:
    (tmp_path / "t.2").write_text("precious")
    (tmp_path / "t").unlink()
    recorded.a_second_passes()
    recorded.a_second_passes()
    assert recorded.said[1:] == [f"{tmp_path}/t.2: File exists; going on without recording"]
    assert (tmp_path / "t.2").read_text() == "precious"


def test_clients_that_stream_lock_nobody_out(proxy: Proxy) -> None:
    streaming = [proxy.connect() for _ in range(50)]
    carried = []
    light, answering = proxy.connect()
    for stream, _ in streaming:
        with contextlib.suppress(BlockingIOError):
            while True:
                stream.send(b"\0" * 65536)
    proxy.turns(5)
    for _ in range(20):
        before = sum(len(event.data) for event in proxy.events)
        light.send(b"ping")
        proxy.turns(1)
        assert answering.recv(100) == b"ping"
        carried.append(sum(len(event.data) for event in proxy.events) - before)
    assert max(carried) <= (BUSY + 1) * PORTION
    assert min(carried) > 4
    received = 0
    while received < 50 * 65536:
        received += sum(len(accepted.recv(1 << 20)) for _, accepted in streaming if readable(accepted))
        proxy.turns(1)
    close_all(light, answering, *itertools.chain(*streaming))


def readable(stream: socket.socket) -> bool:
    return bool(select.select([stream], [], [], 0)[0])
