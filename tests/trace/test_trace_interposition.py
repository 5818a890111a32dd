"""`scache record --postfix`: in front of a real running instance, and away again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.lab.instance.configuration import CacheEntry, Directories
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.postfix.installation import installed_postfix
from scache.client import Client
from scache.errors import ProtocolError, UnavailableError, UsageError
from scache.trace.record.interposition import PARAMETER, SERVICE, Interposition
from tests.support.trace_dialogues import read

pytestmark = pytest.mark.postfix


@pytest.fixture(scope="module")
def directories() -> Iterator[Directories]:
    """Of a private Postfix that runs."""
    with Instance(installed_postfix()) as instance, LoopbackNetwork() as network:
        instance.start(network.submission(), CacheEntry(), {})
        yield instance.directories


def record(directories: Directories, trace: Path) -> subprocess.Popen[str]:
    """A recorder that has come to stand in front of the instance."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scache", "record", f"--postfix={directories.config}", f"--output={trace}"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "recording what comes to" in process.stderr.readline()
    assert process.stderr.readline() == "scache: in front\n"
    return process


def setting(directories: Directories) -> str:
    command = ["postconf", "-c", str(directories.config), "-h", PARAMETER]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def found_nothing(path: str) -> bool:
    """A lookup, asked again over a new connection where a reload cut the first one off, as smtp(8) does."""
    for _attempt in range(2):
        with contextlib.suppress(ProtocolError, ConnectionError), Client(path) as client:
            return client.find_endp(b"nobody's") is None
    return False


@pytest.mark.parametrize("was_set", [True, False])
def test_a_recorder_sets_itself_in_front_and_leaves_no_trace_in_the_configuration(
    directories: Directories, tmp_path: Path, was_set: bool
) -> None:
    if not was_set:
        subprocess.run(["postconf", "-c", str(directories.config), "-X", PARAMETER], check=True)
    before = (directories.config / "main.cf").read_text()
    trace = tmp_path / "t"
    process = record(directories, trace)
    try:
        assert setting(directories) == SERVICE
        assert found_nothing(str(directories.queue / "private" / SERVICE))
        with pytest.raises(UsageError, match="a recorder is at work, or one was killed"):
            Interposition(directories.config)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr is not None
        process.stderr.close()
    assert (directories.config / "main.cf").read_text() == before
    assert not (directories.queue / "private" / SERVICE).exists()
    asked = [event.data for event in read(trace) if b"find_endp" in event.data]
    assert set(asked) == {b"request\0find_endp\0label\0nobody's\0\0"}


def test_a_directory_without_a_configuration_is_refused_with_postfix_own_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"main.cf: No such file or directory"):
        Interposition(tmp_path)


def test_a_machine_without_postfix_commands_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="postconf: no such command"):
        Interposition(tmp_path)
