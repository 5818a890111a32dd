"""The simulated kernel's rules, held to the real kernel's."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from conformance.kernel.kernels import run_on_simulated_kernel
from conformance.kernel.socket_programs import Call, Result, random_program
from scache.simulated import OpenFile, socket_pair

PROGRAMS = 1200
CALLS = 60


def run_on_real_kernel(programs: list[list[Call]]) -> list[list[Result]]:
    lines = "".join(json.dumps(program) + "\n" for program in programs)
    process = subprocess.run(
        [sys.executable, "-m", "conformance.kernel.kernels"], input=lines, capture_output=True, text=True
    )
    assert (process.returncode, process.stderr) == (0, "")
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.lasting
def test_random_socket_programs_see_the_same_on_the_simulated_and_the_real_kernel() -> None:
    programs = [random_program(random.Random(seed), CALLS) for seed in range(PROGRAMS)]
    seen: set[tuple[str, str]] = set()
    real = run_on_real_kernel(programs)
    assert len(real) == PROGRAMS
    for seed, (program, expected) in enumerate(zip(programs, real, strict=True)):
        simulated = run_on_simulated_kernel(program)
        for position, call in enumerate(program):
            assert (seed, position, call, simulated[position]) == (seed, position, call, expected[position])
            seen.add((str(call[0]), kind_of(simulated[position])))
    assert seen >= RULES, f"the programs are too tame: {sorted(RULES - seen)}"


def kind_of(result: Result) -> str:
    match result:
        case [str() as errno_name] if errno_name.startswith("E"):
            return errno_name
        case [_, list() as descriptors, bool() as truncated]:
            return f"{len(descriptors)} descriptors" + (", truncated" if truncated else "")
        case ["", *_]:
            return "end of input"
    return "done"


RULES = {
    ("pair", "EMFILE"),
    ("connect", "done"),
    ("connect", "EMFILE"),
    ("accept", "done"),
    ("accept", "EAGAIN"),
    ("accept", "EMFILE"),
    ("send", "done"),
    ("send", "EPIPE"),
    ("read", "EAGAIN"),
    ("read", "ECONNRESET"),
    ("read", "end of input"),
    ("receive", "ECONNRESET"),
    ("receive", "0 descriptors"),
    ("receive", "1 descriptors"),
    ("receive", "2 descriptors"),
    ("receive", "0 descriptors, truncated"),
    ("receive", "1 descriptors, truncated"),
    ("fill", "done"),
    ("fill", "EPIPE"),
    ("close", "EBADF"),
}

#: Programs for single rules, which say themselves what both kernels must answer to the last call.
DIALOGUES: dict[str, tuple[list[Call], Result]] = {
    "a read glues the byte that carries a descriptor to the bytes before it, and stops there": (
        [
            ["pair", "channel"],
            ["pair", "session"],
            ["send", 3, "ab", []],
            ["send", 3, "c", [5]],
            ["send", 3, "d", []],
            ["receive", 4, 64],
        ],
        ["abc", [7], False],
    ),
    "a plain read over a descriptor closes it": (
        [
            ["pair", "channel"],
            ["pair", "session"],
            ["send", 3, "c", [5]],
            ["close", 5],
            ["read", 4, 64],
            ["read", 6, 1],
        ],
        [""],
    ),
    "a descriptor under way keeps its session open": (
        [
            ["pair", "channel"],
            ["pair", "session"],
            ["send", 3, "c", [5]],
            ["close", 5],
            ["read", 6, 1],
        ],
        ["EAGAIN"],
    ),
    "descriptors under way are closed with the socket that they are under way to": (
        [
            ["pair", "channel"],
            ["pair", "session"],
            ["send", 3, "c", [5]],
            ["close", 5],
            ["close", 4],
            ["read", 6, 1],
        ],
        [""],
    ),
    "closing a listener resets those who wait": (
        [["listen"], ["connect", 3], ["close", 3], ["read", 4, 1]],
        ["ECONNRESET"],
    ),
    "a connection that waits can be written to, and its client may be gone when it is accepted": (
        [["listen"], ["connect", 3], ["send", 4, "abc", []], ["close", 4], ["accept", 3], ["read", 4, 64]],
        ["abc"],
    ),
    "one more than the backlog may wait": (
        [["listen"], ["connect", 3], ["connect", 3], ["connect", 3], ["connect", 3]],
        ["EAGAIN"],
    ),
    "a reset is told once, and behind the bytes that were sent before it": (
        [
            ["pair", "channel"],
            ["send", 3, "a", []],
            ["send", 4, "b", []],
            ["close", 4],
            ["read", 3, 1],
            ["read", 3, 1],
            ["read", 3, 1],
        ],
        [""],
    ),
}


@pytest.mark.parametrize("rule", DIALOGUES)
def test_both_kernels_keep_the_rule(rule: str) -> None:
    program, expected = DIALOGUES[rule]
    assert run_on_simulated_kernel(program)[-1] == expected
    assert run_on_real_kernel([program])[0][-1] == expected


def test_a_full_buffer_takes_part_of_a_write_and_loses_nothing() -> None:
    left, right = socket_pair(capacity=10)
    assert left.send(b"0123456") == 7
    assert left.send(b"789xyz") == 3
    with pytest.raises(BlockingIOError):
        left.send(b"x")
    assert right.receive(64) == b"0123456789"
    assert left.send(b"x") == 1


def test_a_file_is_closed_once() -> None:
    file: OpenFile
    file, _ = socket_pair()
    file.hold()
    file.release()
    assert file.is_open
    file.release()
    assert not file.is_open
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.release()
