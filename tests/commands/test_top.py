"""`scache top` on a pseudo-terminal, as in a window or over ssh."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scache.cli import main
from scache.commands.top import View
from tests.support.served import Served

E = b"smtp\n192.0.2.%d\n25\n0\n"
_PATIENCE = 30.0


class Terminal:
    """A command on a terminal of 30 lines."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
        self.theirs = theirs
        self.before = termios.tcgetattr(theirs)
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scache", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            env={**os.environ, "TERM": "xterm", "LINES": "", "COLUMNS": ""},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # Ctrl-C comes from there
        )

    def press(self, keys: str) -> None:
        self.seen = ""
        os.write(self.ours, keys.encode())

    def wait_for(self, text: str) -> str:
        """All that was shown since the last key, once it holds this."""
        while not re.search(text, self.seen, re.DOTALL):
            assert self._look(_PATIENCE), f"no {text!r} in {self.seen!r}"
        return self.seen

    def ends(self) -> int:
        """The exit status, once all is seen."""
        deadline = time.monotonic() + _PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"still there, with {self.seen!r}"
            self._look(0.1)
        while self._look(0):
            pass  # its last words
        return self.process.returncode

    def _look(self, patience: float) -> bool:
        """Whether something new was shown within so many seconds."""
        if not select.select([self.ours], [], [], patience)[0]:
            return False
        self.seen += os.read(self.ours, 65536).decode(errors="replace")
        return True

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path / "s") as daemon:
        for number in range(1, 4):
            daemon.save(E % number, 100, b"smtp\nd%d.example\n" % number)
        for _ in range(2):
            daemon.client.find_dest(b"smtp\nmissing.example\n")
        yield daemon


@pytest.fixture
def terminal(daemon: Served) -> Iterator[Terminal]:
    terminal = Terminal("top", "--socket", str(daemon.path), "--interval", "0.2")
    yield terminal
    terminal.close()


def test_it_shows_the_cache_and_refreshes_itself(daemon: Served, terminal: Terminal) -> None:
    shown = terminal.wait_for(r"by lookups")
    assert "3 sessions  3 endpoints  3 destinations" in shown
    assert re.search(r"smtp/missing\.example.*smtp/d1\.example", shown, re.DOTALL)
    assert "nobody has saved anything" in shown
    daemon.save(E % 9, 100, b"smtp\nnewcomer.example\n")
    terminal.wait_for(r"4 sessions.*smtp/newcomer\.example")


def test_keys_choose_sort_and_filter(terminal: Terminal) -> None:
    terminal.wait_for("by lookups")
    terminal.press("\t")
    assert "smtp/192.0.2.2/25/0" in terminal.wait_for(r"endpoints.*by lookups")
    terminal.press("\tn")
    assert re.search(r"d1\.example.*d3\.example.*missing", terminal.wait_for(r"by name"), re.DOTALL)
    terminal.press("n")
    assert re.search(r"missing.*d3\.example.*d1\.example", terminal.wait_for("by name backwards"), re.DOTALL)
    terminal.press("/d2")
    assert "missing" not in terminal.wait_for(r"filter: d2_").split("filter: d2_")[-2].split("by name")[-2]
    terminal.press("\x1b")
    terminal.wait_for(r"missing.*by name backwards")


@pytest.mark.parametrize("keys", ["q", "\x03"], ids=["q", "Ctrl-C"])
def test_it_quits_and_leaves_the_terminal_as_it_was(keys: str, terminal: Terminal) -> None:
    terminal.wait_for("by lookups")
    assert termios.tcgetattr(terminal.theirs) != terminal.before
    terminal.press(keys)
    assert terminal.ends() == 0
    assert termios.tcgetattr(terminal.theirs) == terminal.before
    assert "\x1b[?1049l" in terminal.seen, "the screen of before is back"


def test_it_ends_by_a_signal_with_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.wait_for("by lookups")
    terminal.process.terminate()
    assert terminal.ends() == 128 + 15
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_a_daemon_that_ends_ends_it(daemon: Served, terminal: Terminal) -> None:
    terminal.wait_for("by lookups")
    daemon.end()
    assert terminal.ends() == 2
    assert termios.tcgetattr(terminal.theirs) == terminal.before


def test_without_a_terminal_it_says_what_to_use_instead(
    daemon: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", "--socket", str(daemon.path)]) == 2
    assert "must be a terminal; `scache status` needs none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("keys", "text"),
    [("/ab", "ab"), ("/ab\x7fc", "ac"), ("/ab\rq", "ab"), ("/ab\x1b", ""), ("/ab\r\x1b", ""), ("/q", "q")],
)
def test_what_is_typed_into_the_filter(keys: str, text: str) -> None:
    view = View()
    for key in keys:
        view.key(key)
    assert view.filter == text
