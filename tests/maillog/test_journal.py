"""The mail log where it is in the journal: what a journalctl(1) says, and a real journald."""

from __future__ import annotations

import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.errors import UnavailableError
from scache.maillog.source import read_journal

JOURNALD = Path("/lib/systemd/systemd-journald")
ENTRY = "__CURSOR=s=1\nSYSLOG_IDENTIFIER={}/scache\nSYSLOG_PID=7\nMESSAGE=statistics: x\n"


def journalctl(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this shell script in the place of journalctl(1)."""
    program = directory / "journalctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")


NOTHING = {
    "a container without a journal": ("exit 0", "the journal has no mail log that this user can read"),
    "a journal that can't be opened": ("echo Failed to open it: why >&2; exit 1", "Failed to open it: why"),
}


@pytest.mark.parametrize(("script", "said"), NOTHING.values(), ids=NOTHING)
def test_where_there_is_no_journal_one_line_says_so(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journalctl(tmp_path, script, monkeypatch)
    with pytest.raises(UnavailableError, match=f"^{said}$"):
        list(read_journal("postfix"))


def test_where_there_is_no_journalctl_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="no journalctl"):
        list(read_journal("postfix"))


def test_of_several_instances_one_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = "postfix", "postfix-out", "postfix/relay", "other"
    (tmp_path / "entries").write_text("\n".join(map(ENTRY.format, names)))
    journalctl(tmp_path, f"cat {tmp_path}/entries", monkeypatch)
    assert [line.name for line in read_journal("postfix")] == ["postfix", "postfix/relay"]


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[str]:
    """The name of a journal of its own, which a real journald keeps."""
    name = f"scache-test-{uuid.uuid4().hex[:8]}"
    persistent = Path("/var/log/journal")
    made = not persistent.exists()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notified"))
        notified.settimeout(60)
        journald = subprocess.Popen(
            [JOURNALD, name], env={"NOTIFY_SOCKET": str(tmp_path / "notified")}, stderr=subprocess.DEVNULL
        )
        try:
            while b"READY=1" not in notified.recv(4096):
                pass
            yield name
        finally:
            journald.terminate()
            journald.wait()
            for root in (Path("/run/systemd"), Path("/run/log/journal"), persistent):
                for directory in root.glob(f"*.{name}"):
                    shutil.rmtree(directory)
            if made and persistent.exists():
                persistent.rmdir()


@pytest.mark.needs("root", "systemd")
def test_a_real_journald_gives_what_syslog_gave_it(
    namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        for line in (
            "<22>Nov 30 00:14:00 postfix/scache[7]: statistics: domain lookup hits=3 miss=1 success=75%",
            "<22>Nov 30 00:14:00 postfix-out/scache[8]: statistics: domain lookup hits=1 miss=1 success=50%",
            "<30>Nov 30 00:14:00 postfix/scache[9]: of no mail facility",
        ):
            syslog.sendto(line.encode(), f"/run/systemd/journal.{namespace}/dev-log")
    subprocess.run(["journalctl", f"--namespace={namespace}", "--sync"], check=True)
    program = shutil.which("journalctl")
    journalctl(tmp_path, f'exec {program} --namespace={namespace} "$@"', monkeypatch)
    assert [(line.pid, line.text) for line in read_journal("postfix")] == [
        (7, "statistics: domain lookup hits=3 miss=1 success=75%")
    ]
