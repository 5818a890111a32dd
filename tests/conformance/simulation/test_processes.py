"""A campaign's processes end when it does, however it ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lasting

ROOT = Path(__file__).parents[3]
PATIENCE = 30  # seconds, half of what the processes would take


def read(stream: int) -> bytes:
    """What comes next, b"" once nobody is left who could write."""
    ready, _, _ = select.select([stream], [], [], PATIENCE)
    assert ready, "somebody is still busy"
    return os.read(stream, 100)


@pytest.mark.parametrize(
    ("signals", "status"),
    [
        ([signal.SIGINT], 130),
        ([signal.SIGINT, signal.SIGINT], 130),
        ([signal.SIGTERM], 143),
        ([signal.SIGKILL], -signal.SIGKILL),
    ],
    ids=["Ctrl-C", "Ctrl-C twice", "SIGTERM", "SIGKILL"],
)
def test_nobody_is_left_behind(signals: list[signal.Signals], status: int) -> None:
    command = [sys.executable, "-m", "tests.support.busy_command"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        said = b""
        while said.count(b"busy\n") < 2:
            said += read(parent.stdout.fileno())
        for number in signals:
            if number is signal.SIGINT:
                os.killpg(parent.pid, number)  # as a terminal does it
            else:
                parent.send_signal(number)
        assert read(parent.stdout.fileno()) == b""
        assert parent.wait(PATIENCE) == status
