"""Log lines on their way out: in order, never waiting, never raising, and what is lost is counted."""

from __future__ import annotations

import errno
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scache.daemon.log_outlet import MOST_HELD, Outlet


class Tap:
    """A destination that takes as many bytes as it is told to, or fails."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.room = 1 << 30
        self.fault: OSError | None = None
        self.taken = b""

    def send(self, line: bytes) -> int:
        if self.fault is not None:
            raise self.fault
        if self.room == 0:
            raise BlockingIOError
        part = line[: self.room]
        self.room -= len(part)
        self.taken += part
        return len(part)


@pytest.fixture
def tap() -> Iterator[Tap]:
    with open(os.devnull, "wb") as file:  # nothing that can be waited for
        yield Tap(file.fileno())


@pytest.fixture
def outlet(tap: Tap) -> Iterator[Outlet]:
    outlet = Outlet(tap, lambda text: text + b"\n")
    yield outlet
    outlet.close()


FAULTS = [None, OSError(errno.EPIPE, "reader gone"), OSError(errno.ENOSPC, "disk full")]


@pytest.mark.parametrize("fault", FAULTS, ids=["no room", "reader gone", "disk full"])
def test_lines_wait_in_order_until_they_are_taken(tap: Tap, outlet: Outlet, fault: OSError | None) -> None:
    tap.room, tap.fault = 0, fault
    outlet.write(b"1\n")
    outlet.write(b"2\n")
    tap.room, tap.fault = 1 << 30, None
    outlet.write(b"3\n")
    assert tap.taken == b"1\n2\n3\n"


def test_a_line_that_was_taken_in_part_is_finished_before_the_next_one(tap: Tap, outlet: Outlet) -> None:
    tap.room = 3
    outlet.write(b"first\n")
    outlet.write(b"second\n")
    tap.room = 1 << 30
    outlet.flush()
    assert tap.taken == b"first\nsecond\n"


@pytest.mark.parametrize("fault", FAULTS, ids=["no room", "reader gone", "disk full"])
def test_how_many_were_lost_is_said_once_there_is_room(
    tap: Tap, outlet: Outlet, fault: OSError | None
) -> None:
    tap.room, tap.fault = 0, fault
    for _ in range(MOST_HELD + 7):
        outlet.write(b"x\n")
    tap.room, tap.fault = 1 << 30, None
    outlet.write(b"y\n")
    outlet.write(b"z\n")
    assert tap.taken == b"x\n" * MOST_HELD + b"warning: 7 lines of this log were lost\ny\nz\n"


def test_nothing_that_is_lost_is_forgotten_while_there_is_room_for_a_part_of_it_only(
    tap: Tap, outlet: Outlet
) -> None:
    tap.room = 0
    for _ in range(MOST_HELD + 1):
        outlet.write(b"x\n")
    tap.room = 2 * MOST_HELD + 4
    outlet.write(b"y\n")
    tap.room = 1 << 30
    outlet.flush()
    assert tap.taken == b"x\n" * MOST_HELD + b"warning: 1 lines of this log were lost\ny\n"


class Pipe:
    def __init__(self) -> None:
        self.reading, self.descriptor = os.pipe2(os.O_NONBLOCK)

    def send(self, line: bytes) -> int:
        return os.write(self.descriptor, line)


def test_the_event_loop_hears_when_there_is_room_and_is_not_woken_for_a_reader_that_is_gone() -> None:
    pipe = Pipe()
    outlet = Outlet(pipe, lambda text: text)
    poll = select.poll()
    poll.register(outlet.handle, select.POLLIN)
    while not outlet._held:
        outlet.write(b"x" * 4096)
    assert poll.poll(0) == []
    while select.select([pipe.reading], [], [], 0)[0]:
        os.read(pipe.reading, 1 << 20)
    assert poll.poll(0) != []
    outlet.ready(0)
    assert len(os.read(pipe.reading, 1 << 20)) == 4096
    while not outlet._held:
        outlet.write(b"x" * 4096)
    os.close(pipe.reading)
    outlet.ready(0)
    assert poll.poll(0) == []
    outlet.close()
    os.close(pipe.descriptor)


FLOOD = """
import select, sys
from scache.daemon.log_outlet import Outlet, StandardError
outlet = Outlet(StandardError(), lambda text: text + b"\\n")
outlet.handle
for number in range(9000):
    outlet.write(b"%0100d\\n" % number)
print("done", flush=True)
input()
while sys.argv[1:] == ["stay"] and (outlet._held or outlet._lost):
    select.select([outlet.handle], [], [])
    outlet.ready(0)
outlet.write(b"end\\n")
"""


def flooding(stderr: int, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FLOOD, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = process.communicate("\n", timeout=30)
    return process.returncode, out


def test_a_reader_of_standard_error_that_stands_still_delays_nothing_and_hears_what_it_missed() -> None:
    process = flooding(subprocess.PIPE, "stay")
    assert process.stdout is not None
    assert process.stdout.readline() == "done\n"  # though nobody has read a line so far
    _, err = process.communicate("\n", timeout=30)
    *numbers, loss, end = err.splitlines()
    assert [int(number) for number in numbers] == list(range(len(numbers)))
    assert loss == f"warning: {9000 - len(numbers)} lines of this log were lost"
    assert end == "end"


def test_a_stream_socket_as_standard_error_delays_nothing() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert finished(flooding(theirs.fileno())) == (0, "done\n")


@pytest.mark.parametrize("path", ["/dev/full", "/dev/null"])
def test_a_standard_error_that_takes_nothing_ends_nothing(path: str) -> None:
    with open(path, "wb") as device:
        assert finished(flooding(device.fileno())) == (0, "done\n")


def test_a_reader_of_standard_error_that_is_gone_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert finished(flooding(writing)) == (0, "done\n")
    finally:
        os.close(writing)


def test_a_standard_error_that_is_closed_is_not_taken_for_what_was_opened_next() -> None:
    code = "import os; os.close(2)\n" + FLOOD + "print(os.readlink('/proc/self/fd/2'))\n"
    process = subprocess.run(
        [sys.executable, "-c", code], input="\n", capture_output=True, text=True, timeout=30
    )
    assert (process.returncode, process.stdout) == (0, "done\n/dev/null\n")


def test_lines_are_added_to_a_file_and_never_written_over(tmp_path: object) -> None:
    path = f"{tmp_path}/log"
    for _ in range(2):
        with open(path, "ab") as file:
            assert finished(flooding(file.fileno())) == (0, "done\n")
    with open(path) as file:
        lines = file.read().splitlines()
    assert [len(lines), lines[9000], lines[9001]] == [18002, "end", f"{0:0100}"]
