"""Replay: what is the same passes, what differs is shown, and the order of answers is the order of replay."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.cli import main
from scache.config.settings import Settings
from scache.protocol.dialect import DUMMY, POSTFIX_2
from scache.simulated.clock import VirtualClock
from scache.trace.format.events import Event, Header, Kind, Side
from scache.trace.replay.replaying import IGNORABLE, Difference, Replay
from scache.trace.replay.running_daemon import RunningDaemon
from scache.trace.replay.simulated_daemon import TokenDaemon
from tests.support.corpus import CORPUS
from tests.support.trace_dialogues import (
    HEADER,
    START,
    client,
    closes,
    find_dest,
    find_endp,
    opens,
    save_dest,
    save_endp,
    server,
    words,
    write,
)


def differences(
    *groups: list[Event], header: Header = HEADER, ignored: tuple[str, ...] = ()
) -> list[Difference]:
    """What differs where these events are replayed in memory."""
    daemon = TokenDaemon(Settings(dialect=header.dialect, max_idle=0), header.start)
    replay = Replay(header, daemon, ignored)
    try:
        return list(replay.play((event for group in groups for event in group), lambda: 0))
    finally:
        replay.close()
        daemon.close()


@pytest.mark.parametrize("path", CORPUS)
def test_recorded_traffic_replays_without_a_difference(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(path)]) == 0
    assert ": 0 of " in capsys.readouterr().out


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 10


def test_a_session_expires_as_recorded() -> None:
    assert not differences(
        opens(0.5, 1),
        save_endp(0.9, 1, "E", "A"),
        find_endp(1.99, 1, "E", "A"),
        save_endp(3.9, 1, "E", "A"),
        find_endp(5.0, 1, "E", None),
    )


@pytest.mark.parametrize(
    ("events", "recorded", "got"),
    [
        (find_endp(0, 1, "E", "A"), "descriptor A", "descriptor B"),
        (find_endp(0, 1, "E", None), 'status=2 property=""', "status=0 property=P"),
        (find_endp(0, 1, "E", "B", "Q"), "status=0 property=Q", "status=0 property=P"),
        ([Event(0, 1, Kind.END, Side.SERVER)], "end", "the connection stays open"),
    ],
)
def test_a_difference_is_shown_with_what_went_before(events: list[Event], recorded: str, got: str) -> None:
    found = differences(opens(0, 1), save_endp(0, 1, "E", "B"), save_endp(0, 1, "F", "A"), events)
    assert (found[0].recorded, found[0].got) == (recorded, got)
    assert 0 < len(found[0].before) <= 6


def test_requests_that_raced_are_replayed_in_the_order_of_their_answers() -> None:
    first, second = find_endp(0, 1, "E", None), find_endp(0, 2, "E", "A")
    raced = [first[0], second[0], *second[1:], first[1]]
    assert not differences(opens(0, 1), opens(0, 2), save_endp(0, 2, "E", "A"), raced)


def test_a_client_does_not_connect_before_its_first_answer() -> None:
    late = [Event(0, 2, Kind.OPEN, Side.CLIENT)]
    ended = closes(0, 1, Side.SERVER)
    assert not differences(opens(0, 1), late, ended, opens(0, 2)[1:], find_endp(0, 2, "E", None))


def test_a_server_that_ended_has_lost_its_sessions_in_the_replay_too() -> None:
    ended = [*closes(0, 1, Side.SERVER), *closes(0, 2, Side.SERVER)]
    assert not differences(
        opens(0, 1), opens(0, 2), save_endp(0, 1, "E", "A"), ended, opens(0, 3), find_endp(0, 3, "E", None)
    )


def test_a_server_that_closes_after_its_client_has_not_ended() -> None:
    ended = [Event(0, 1, Kind.END, Side.CLIENT), *closes(0, 1, Side.SERVER)]
    assert not differences(
        opens(0, 1), save_endp(0, 1, "E", "A"), ended, opens(0, 2), find_endp(0, 2, "E", "A")
    )


#: For each rule of what may be ignored, events that differ by it alone.
DIFFERENT = {
    "session": find_endp(0, 1, "E", "A"),
    "end": [Event(0, 1, Kind.END, Side.SERVER)],
    "announcement": [Event(0, 2, Kind.OPEN, Side.CLIENT), *find_endp(0, 2, "none", None)],
}


@pytest.mark.parametrize("rule", IGNORABLE)
def test_a_difference_is_ignored_by_its_own_rule_and_no_other(rule: str) -> None:
    groups = (opens(0, 1), save_endp(0, 1, "E", "B"), save_endp(0, 1, "F", "A"), DIFFERENT[rule])
    assert differences(*groups)
    assert differences(*groups, ignored=tuple(set(IGNORABLE) - {rule}))
    assert not differences(*groups, ignored=(rule,))


def test_a_trace_without_announcement_replays_in_its_own_dialect() -> None:
    header = Header("by hand", START, POSTFIX_2)
    start = [Event(0, 1, Kind.OPEN, Side.CLIENT)]
    assert not differences(start, save_endp(0, 1, "E", "A"), find_endp(0, 1, "E", "A"), header=header)


def test_a_later_part_continues_the_connections_of_the_earlier() -> None:
    header = Header("by hand", START, part=2, continued=(7,))
    assert not differences(find_endp(0, 7, "E", None), closes(0, 7), header=header)


class Notebook:
    """A daemon that writes down what it is told and says nothing."""

    data, tokens, end = b"", (), True

    def __init__(self) -> None:
        self.lines: list[str] = []

    def connect(self) -> Notebook:
        return self

    def send(self, data: bytes, tokens: object = ()) -> None:  # noqa: ARG002
        self.lines.append("dummy" if data == DUMMY else data.split(b"\0")[-3].decode())

    def advance(self, seconds: int) -> None:
        self.lines.append(f"{seconds} s")

    def receive(self) -> Notebook:
        return self

    def restart(self) -> None:
        self.lines.append("restart")

    def shutdown(self) -> None: ...

    def close(self) -> None: ...


def test_a_confirmation_waits_neither_for_another_client_nor_for_time() -> None:
    notebook = Notebook()
    hit = find_endp(0, 1, "one", "?")
    glued = [*hit[:-1], client(0, 1, DUMMY + words("request", "find_endp", "label", "later"))]
    list(
        Replay(HEADER, notebook).play(
            [*opens(0, 1), *opens(0, 2), *glued, *find_endp(0.5, 2, "two", None), server(1, 1, b"x")],
            lambda: 0,
        )
    )
    assert notebook.lines == ["one", "dummy", "dummy", "two", "1 s", "later"]


def test_a_confirmation_does_not_wait_for_the_next_second() -> None:
    notebook = Notebook()
    events = [*opens(0, 1), *find_endp(0.9, 1, "one", "?"), *find_endp(1.1, 1, "two", None)]
    list(Replay(HEADER, notebook).play(events, lambda: 0))
    assert notebook.lines == ["one", "dummy", "dummy", "1 s", "two"]


def test_a_glued_confirmation_stays_glued_where_nobody_waits_for_it() -> None:
    notebook = Notebook()
    hit = find_endp(0, 1, "one", "?")
    glued = [
        *hit[:-1],
        client(0, 1, DUMMY + words("request", "find_endp", "label", "next")),
        server(0, 1, b"x"),
    ]
    list(Replay(HEADER, notebook).play([*opens(0, 1), *glued], lambda: 0))
    assert notebook.lines == ["one", "dummy", "next"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """The socket of this project's daemon, a process of its own."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(30)
        process = subprocess.Popen(
            [sys.executable, "-m", "scache", "serve", "--socket", str(path)],
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stderr=subprocess.DEVNULL,
        )
        assert supervisor.recv(4096).startswith(b"READY=1")
        yield path
        process.terminate()
        process.wait(30)


def test_a_running_daemon_is_replayed_to_through_its_socket(
    running: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = (find_dest(0.2, 1, "D", "A"), find_endp(0.2, 1, "E", "B"), find_endp(0.3, 1, "E", None))
    saved = (save_dest(0.1, 1, "D", "E"), save_endp(0.1, 1, "E", "A"), save_endp(0.1, 1, "E", "B"))
    path = write(tmp_path / "t", opens(0, 1), *saved, *hit, closes(0.4, 1))
    assert main(["replay", "--target", str(running), str(path)]) == 0
    assert "0 of 11 answers differ" in capsys.readouterr().out


def test_time_passes_as_fast_as_told(running: Path) -> None:
    slept: list[float] = []
    daemon = RunningDaemon(running, VirtualClock(100.5), slept.append, speed=10)
    daemon.advance(20)
    daemon.advance(-20)
    daemon.close()
    assert slept == [pytest.approx(0.52), pytest.approx(2.52), pytest.approx(2.52)]


def test_nobody_at_the_socket_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "t", opens(0, 1))
    assert main(["replay", "--target", str(tmp_path / "none"), str(path)]) == 2
    assert capsys.readouterr().err == f"scache replay: {tmp_path}/none: No such file or directory\n"


def test_differences_give_status_1_and_only_so_many_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [find_endp(0, 1, f"E{number}", "?") for number in range(5)]
    path = write(tmp_path / "t", opens(0, 1), *wrong)
    assert main(["replay", "--show", "2", str(path)]) == 1
    said = capsys.readouterr().out
    assert said.count("recorded: ") == 2
    assert f"{path}:5: connection 1 at 0.000000 s" in said
    assert "... and 8 more" in said
