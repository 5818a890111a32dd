"""Every sub-command of both programs, with all that can be wrong around it: one line, and no half output."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

import conformance.cli
import scache.cli
from conformance.traces import FOLDER
from tests.support.forked import Ended, Main, ended, fork

pytestmark = pytest.mark.lasting

#: The beginning of a recorded trace: enough to do something with it.
BEGINNING = b"".join(gzip.decompress((FOLDER / "mixed.jsonl.gz").read_bytes()).splitlines(True)[:50])
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable

#: TRACE stands for a good trace, IN for another one, OUT for a file to write.
READING = [
    "scache replay IN",
    "scache trace show IN",
    "scache trace stat IN",
    "scache trace filter IN OUT",
    "scache trace redact IN OUT",
    "scache trace diff TRACE IN",
    "scache trace diff IN TRACE",
    "scache trace convert IN OUT",
    "scache trace plot IN OUT",
    "scache trace view IN -o OUT",
    "scache tune --trace IN",
    "scache whatif IN --chart OUT",
]
WRITING = [
    "scache trace filter TRACE OUT",
    "scache trace redact TRACE OUT",
    "scache trace convert TRACE OUT",
    "scache trace convert TRACE OUT.gz",
    "scache trace convert TRACE OUT.zst",
    "scache trace plot TRACE OUT",
    "scache trace view TRACE -o OUT",
    "scache whatif TRACE --chart OUT",
    f"scache zipapp OUT --python {PYTHON}",
    "scache record --listen LISTEN --upstream UPSTREAM --output OUT",
    "scache-conformance run --target simulated ttl/good/1 --json OUT",
    "scache-conformance run --target simulated ttl/good/1 --junit OUT",
    "scache-conformance run --target simulated ttl/good/1 --html OUT",
    "scache-conformance run --target simulated ttl/good/1 --tap OUT",
    "scache-conformance diff --left simulated --right reference --steps 1 --json OUT",
    "scache-conformance simulate --requests 20 --events OUT",
]
#: Refused before they begin with what takes its time.
LASTING = [
    "scache-conformance benchmark --json OUT",
    "scache-conformance benchmark --chart OUT",
]
HELP = [
    *(f"scache {name} --help" for name in scache.cli.COMMANDS),
    *(f"scache-conformance {name} --help" for name in conformance.cli.COMMANDS),
]
PRINTING = [
    *HELP,
    "scache --help",
    "scache --version",
    "scache trace show TRACE",
    "scache trace stat TRACE",
    "scache trace diff TRACE TRACE",
    "scache replay TRACE",
    "scache whatif TRACE",
    "scache tune --trace TRACE",
    "scache check --explain unreadable-line",
    "scache-conformance --help",
    "scache-conformance run --list",
    "scache-conformance run --dry-run --target simulated",
    "scache-conformance run --target simulated announce ttl",
    "scache-conformance table --check",
    "scache-conformance simulate --runs 1 --requests 20 --jobs 1",
    "scache-conformance diff --left simulated --right reference --steps 1",
    "scache-conformance lab list",
]

#: What is wrong with a trace, as a file of that name.
DAMAGED = {
    "missing": None,
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "header-cut": BEGINNING[:30],
    "no-trace": b'{"a": 1}\n',
    "empty.gz": b"",
    "cut.gz": gzip.compress(BEGINNING)[:20],
    "no.gz": b"plain text\n",
    "empty.zst": b"",
    "cut.zst": zstandard.compress(BEGINNING)[:20],
    "no.zst": b"plain text\n",
    "directory": ...,
}


def main_of(command: str) -> Main:
    return scache.cli.main if command.startswith("scache ") else conformance.cli.main


def words_of(command: str, folder: Path, **places: object) -> list[str]:
    trace = folder / "trace"
    trace.write_bytes(BEGINNING)
    places = {"LISTEN": folder / "l", "UPSTREAM": folder / "u", "TRACE": trace, **places}
    words = command.split()[1:]
    for name, place in places.items():
        words = [word.replace(name, str(place)) if word.startswith(name) else word for word in words]
    return words


def refused(result: Ended, *, naming: object) -> None:
    """Status 2, and one line that names the culprit."""
    assert (result.status, result.err.count("\n")) == (2, 1), result
    assert str(naming) in result.err


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("command", READING)
def test_a_trace_that_cannot_be_used_is_one_line(command: str, damage: str, tmp_path: Path) -> None:
    trace, out = tmp_path / damage, tmp_path / "out"
    content = DAMAGED[damage]
    if content is ...:
        trace.mkdir()
    elif isinstance(content, bytes):
        trace.write_bytes(content)
    words = words_of(command, tmp_path, IN=trace, OUT=out)
    refused(ended(main_of(command), words), naming=trace)
    assert not out.exists()


@pytest.mark.parametrize("command", READING)
def test_a_trace_that_may_not_be_read_is_one_line(command: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "in").touch(0)
    words = words_of(command, tmp_path, TRACE=Path("trace"), IN=Path("in"), OUT=Path("out"))

    def as_somebody() -> None:
        os.chdir(tmp_path)
        if os.geteuid() == 0:  # who is never refused a file
            os.setegid(65534)
            os.seteuid(65534)

    refused(ended(main_of(command), words, as_somebody), naming="in: Permission denied")


@pytest.mark.parametrize("command", READING)
def test_a_trace_that_ends_in_its_first_event_is_no_traceback(command: str, tmp_path: Path) -> None:
    """The rest of it is used, where there is something to do with a trace in which nothing happens."""
    trace, out = tmp_path / "in", tmp_path / "out"
    header, event, *_ = BEGINNING.splitlines()
    trace.write_bytes(header + b"\n" + event[:20])
    result = ended(main_of(command), words_of(command, tmp_path, IN=trace, OUT=out))
    note, *lines = result.err.splitlines()
    assert note == f"scache: {trace}:2: the file ends in the middle of this line; not used"
    of_use = command.split()[2] in ("show", "stat", "filter", "redact", "convert")
    differs = "diff" in command
    assert (result.status, len(lines)) == ((0, 0) if of_use else (1, 0) if differs else (2, 1))
    assert out.exists() == (of_use and "OUT" in command)


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "u"))
        listener.listen()
        yield tmp_path


@pytest.mark.parametrize("command", WRITING + LASTING)
def test_nothing_is_overwritten(command: str, upstream: Path) -> None:
    words = words_of(command, upstream, OUT=upstream / "out")
    out = next(Path(word) for word in words if word.startswith(str(upstream / "out")))
    out.write_text("mine")
    refused(ended(main_of(command), words), naming=out)
    assert out.read_text() == "mine"


@pytest.mark.parametrize("command", WRITING + LASTING)
@pytest.mark.parametrize("place", ["no/out", "file/out", "folder"])
def test_an_output_that_cannot_be_is_one_line(command: str, place: str, upstream: Path) -> None:
    (upstream / "file").write_text("")
    for suffix in ("", ".gz", ".zst"):
        (upstream / f"folder{suffix}").mkdir()
    words = words_of(command, upstream, OUT=upstream / place)
    there = sorted(path.name for path in upstream.iterdir())
    result = ended(main_of(command), words)
    refused(result, naming=upstream / place)
    assert sorted(path.name for path in upstream.iterdir()) == there


@pytest.mark.parametrize("command", [command for command in WRITING if "record" not in command])
def test_a_full_disk_leaves_nothing_half_written_and_names_the_file(command: str, upstream: Path) -> None:
    """But for the recorder, which goes on passing bytes without recording."""
    most = 50_000 if "zipapp" in command else 300

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    out = upstream / "out"
    result = ended(main_of(command), words_of(command, upstream, OUT=out), fill)
    refused(result, naming=f"{out}")
    assert "File too large" in result.err
    assert sorted(path.name for path in upstream.iterdir()) == ["trace", "u"]


def closed() -> None:
    os.close(1)
    sys.stdout = None  # type: ignore[assignment]


def full() -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def left() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)


@pytest.mark.parametrize(
    ("stdout", "reason"),
    [(closed, "Bad file descriptor"), (full, "No space left on device"), (left, "Broken pipe")],
)
@pytest.mark.parametrize("command", PRINTING)
def test_an_output_that_takes_nothing_is_one_line(
    command: str, stdout: Callable[[], None], reason: str, tmp_path: Path
) -> None:
    result = ended(main_of(command), words_of(command, tmp_path), stdout)
    if stdout is left and " trace " in command and command not in HELP:
        assert result == Ended(0, "", "")  # the reader has seen enough, such as `head`
        return
    refused(result, naming=f"standard output: {reason}")


def in_ascii() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="ascii", errors="strict")  # type: ignore[union-attr]


@pytest.mark.parametrize("command", PRINTING)
def test_a_terminal_without_the_letters_is_no_obstacle(command: str, tmp_path: Path) -> None:
    result = ended(main_of(command), words_of(command, tmp_path), in_ascii)
    assert (result.status, result.err) == (0, "")
    assert result.out.isascii()


@pytest.mark.parametrize("command", READING)
def test_an_interrupt_is_one_line_and_leaves_no_output(command: str, tmp_path: Path) -> None:
    trace, out = tmp_path / "in", tmp_path / "out"
    os.mkfifo(trace)
    running = fork(main_of(command), words_of(command, tmp_path, IN=trace, OUT=out))
    with trace.open("wb"):
        running.until_it_sleeps()  # an interrupt just before that is seen at the first byte only
        os.kill(running.pid, signal.SIGINT)
        result = running.wait()
    assert (result.status, result.err.count("\n")) == (130, 1), result
    assert result.err.endswith(": interrupted\n")
    assert not out.exists()
