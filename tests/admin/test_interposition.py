"""`scache record --postfix`: in front of a real running instance, and away again, whatever ends it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.lab.instance.configuration import CacheEntry, Directories
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.postfix.installations import private_postfix
from scache.admin.instance import PostfixInstance
from scache.admin.interposition import heal
from scache.client import Client
from scache.errors import ProtocolError
from tests.support.trace_dialogues import read

pytestmark = pytest.mark.postfix

#: The entry that the lab gives a cache of its own.
NAME = "scache"


@pytest.fixture(scope="module")
def directories() -> Iterator[Directories]:
    """Of a private Postfix that runs."""
    with Instance(private_postfix()) as instance, LoopbackNetwork() as network:
        instance.start(network.submission(), CacheEntry(), {})
        yield instance.directories


@contextlib.contextmanager
def recorder(directories: Directories, trace: Path) -> Iterator[subprocess.Popen[str]]:
    """A recorder that has come to stand in front of the instance."""
    with subprocess.Popen(
        [sys.executable, "-m", "scache", "record", f"--postfix={directories.config}", f"--output={trace}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert "recording what comes to" in process.stderr.readline()
        assert process.stderr.readline() == "scache: in front\n"
        try:
            yield process
        finally:
            process.kill()


def private(directories: Directories) -> set[str]:
    """What belongs to the cache among the instance's sockets."""
    return {name for name in os.listdir(directories.queue / "private") if "scache" in name}


def found_nothing(directories: Directories) -> bool:
    """A lookup, asked again over a new connection where a reload cut the first one off, as smtp(8) does."""
    for _attempt in range(2):
        with (
            contextlib.suppress(ProtocolError, ConnectionError),
            Client(str(directories.queue / "private" / NAME)) as client,
        ):
            return client.find_endp(b"nobody's") is None
    return False


def wait_for_guardian(directories: Directories) -> None:
    """Until the lock is free, which the process beside a killed recorder holds to its end."""
    with (
        contextlib.suppress(FileNotFoundError),
        open(directories.queue / "private" / f"{NAME}.lock") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)


ENDINGS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL]


@pytest.mark.parametrize("number", ENDINGS)
def test_whatever_ends_a_recorder_the_cache_has_its_socket_back_and_the_configuration_never_changed(
    directories: Directories, tmp_path: Path, number: signal.Signals
) -> None:
    before, sockets = (directories.config / "main.cf").read_text(), private(directories)
    trace = tmp_path / "t"
    with recorder(directories, trace) as process:
        assert (directories.config / "main.cf").read_text() == before
        assert found_nothing(directories)
        process.send_signal(number)
        status = process.wait(60)
    wait_for_guardian(directories)
    assert status == (-number if number is signal.SIGKILL else 0)
    assert found_nothing(directories)
    assert private(directories) == sockets
    if status == 0:
        asked = {event.data for event in read(trace) if b"find_endp" in event.data}
        assert asked == {b"request\0find_endp\0label\0nobody's\0\0"}


def test_what_a_recorder_leaves_that_was_killed_with_its_guardian_is_healed(
    directories: Directories, tmp_path: Path
) -> None:
    sockets = private(directories)
    with recorder(directories, tmp_path / "t") as process:
        (guardian,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(guardian), signal.SIGKILL)
        process.kill()
        process.wait(60)
    wait_for_guardian(directories)
    assert not found_nothing(directories)
    assert heal(PostfixInstance.at(directories.config)) == (
        f"{directories.queue}/private/{NAME}: given back to Postfix's scache; a recorder had been killed"
    )
    assert found_nothing(directories)
    assert private(directories) == sockets
    assert heal(PostfixInstance.at(directories.config)) is None


def test_a_recorder_that_is_at_work_is_left_alone_and_keeps_a_second_one_out(
    directories: Directories, tmp_path: Path
) -> None:
    with recorder(directories, tmp_path / "t") as process:
        assert heal(PostfixInstance.at(directories.config)) is None
        second = subprocess.run(
            [sys.executable, "-m", "scache", "record", f"--postfix={directories.config}", "--output=/x"],
            capture_output=True,
            text=True,
        )
        assert (second.returncode, second.stderr) == (
            2,
            f"scache record: {directories.queue}/private/{NAME}: in use by a living server\n",
        )
        assert found_nothing(directories)
        process.terminate()
        assert process.wait(60) == 0
    assert found_nothing(directories)


def test_a_recorder_stays_in_front_through_reloads_and_ends_when_postfix_starts_anew(
    directories: Directories, tmp_path: Path
) -> None:
    sockets = private(directories)
    trace = tmp_path / "t"
    with recorder(directories, trace) as process:
        assert process.stderr is not None
        PostfixInstance.at(directories.config).reload()
        assert found_nothing(directories)
        for word in ("stop", "start"):
            subprocess.run(["postfix", "-c", str(directories.config), word], check=True, capture_output=True)
        assert process.stderr.readline().endswith("listens there itself; the recording ends\n")
        assert process.wait(60) == 1
    assert any(b"find_endp" in event.data for event in read(trace))
    assert found_nothing(directories)
    assert private(directories) == sockets


def test_where_postfix_does_not_run_there_is_nothing_to_stand_in_front_of(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/main.cf").write_text(f"queue_directory = {tmp_path}\n")
    (tmp_path / "config/master.cf").touch()
    done = subprocess.run(
        [sys.executable, "-m", "scache", "record", f"--postfix={tmp_path}/config", "--output=/x"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"scache record: {tmp_path}/private/scache: No such file or directory; is Postfix running?"
    )
