"""When a process is at rest, seen on small processes of our own."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from conformance.contract.target import RestlessError
from conformance.postfix import rest
from conformance.postfix.rest import ProcessWatch, Rest, supported, wait_for_rest

pytestmark = pytest.mark.skipif(not supported(), reason="this kernel doesn't show what a process waits for")

IDLE = "import select; e = select.epoll(); e.register(0, select.EPOLLIN); e.poll()"
BLOCKED = "import select; p = select.poll(); p.register(0, select.POLLIN); p.poll(2500)"
BUSY = "while True: pass"


@contextmanager
def watched(program: str) -> Iterator[tuple[subprocess.Popen[bytes], ProcessWatch]]:
    process = subprocess.Popen([sys.executable, "-S", "-E", "-c", program], stdin=subprocess.PIPE)
    assert process.stdin is not None
    watch = ProcessWatch(process.pid)
    try:
        yield process, watch
    finally:
        watch.close()
        process.kill()
        process.wait()
        process.stdin.close()


def settled(watch: ProcessWatch, enough: Callable[[Rest], bool] = lambda _: True) -> Rest:
    near, far = socket.socketpair()
    with near, far:
        return wait_for_rest(watch, watch.rest, enough, near)


@pytest.mark.parametrize(("program", "how"), [(IDLE, Rest.IDLE), (BLOCKED, Rest.BLOCKED)])
def test_a_process_that_waits_is_at_rest(program: str, how: Rest) -> None:
    with watched(program) as (_, watch):
        assert settled(watch) is how


def test_rest_that_is_not_enough_is_waited_out() -> None:
    both = BLOCKED.replace("2500", "1") + "; " + IDLE
    with watched(both) as (_, watch):
        assert settled(watch, lambda how: how is Rest.IDLE) is Rest.IDLE


def test_a_process_that_is_being_woken_is_not_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    with watched(IDLE) as (_, watch):
        settled(watch)
        # For a moment it still shows the call it slept in, but runs already.
        monkeypatch.setattr(watch, "_stat_fields", lambda: [b"R"])
        assert watch.rest() is None


def test_the_time_limit_of_a_poll_is_known() -> None:
    with watched(BLOCKED) as (_, watch):
        settled(watch)
        assert watch.poll_timeout() == 2.5


def test_a_poll_without_a_time_limit_has_none() -> None:
    with watched(BLOCKED.replace("2500", "")) as (_, watch):
        settled(watch)
        assert watch.poll_timeout() is None


def test_a_process_that_has_ended_is_at_rest() -> None:
    with watched("pass") as (process, watch):
        process.wait()
        assert settled(watch) is Rest.ENDED
        assert watch.poll_timeout() is None
        assert watch.cpu_seconds() == 0.0


def test_a_busy_loop_is_never_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_MOST_CPU", 0.05)
    with watched(BUSY) as (_, watch), pytest.raises(RestlessError, match="computed for"):
        settled(watch)


def test_a_process_that_hangs_elsewhere_is_never_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_MOST_WAITING", 0.2)
    with (
        watched("import time; time.sleep(60)") as (_, watch),
        pytest.raises(RestlessError, match="has not come to rest"),
    ):
        settled(watch)


def test_a_process_that_computes_slowly_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "_MOST_WAITING", 0.0)
    with watched(BUSY) as (_, watch):
        used = itertools.count()
        monkeypatch.setattr(watch, "cpu_seconds", lambda: next(used) * rest._MOST_CPU / 3)
        with pytest.raises(RestlessError, match="computed for"):
            settled(watch)
