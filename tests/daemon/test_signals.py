from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator

import pytest

from scache.daemon.signals import Signals


@pytest.fixture
def heard() -> Iterator[tuple[Signals, list[str]]]:
    heard: list[str] = []
    numbers = {signal.SIGUSR1: lambda: heard.append("USR1"), signal.SIGUSR2: lambda: heard.append("USR2")}
    before = {number: signal.getsignal(number) for number in numbers}
    yield Signals(numbers), heard
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_ends_a_wait_and_its_handler_runs_only_when_asked(heard: tuple[Signals, list[str]]) -> None:
    signals, names = heard
    os.kill(os.getpid(), signal.SIGUSR1)
    assert select.select([signals.handle], [], [], 30)[0] == [signals.handle]
    assert names == []
    signals.ready(0)
    assert names == ["USR1"]


def test_a_signal_that_came_several_times_is_handled_once(heard: tuple[Signals, list[str]]) -> None:
    signals, names = heard
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR1):
        os.kill(os.getpid(), number)
    signals.ready(0)
    assert sorted(names) == ["USR1", "USR2"]
