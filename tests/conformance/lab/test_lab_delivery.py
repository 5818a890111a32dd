"""How the lab waits for mail."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import cast

import pytest

from conformance.lab.instance.running import RunningInstance
from conformance.lab.traffic.delivery import delivered, wait_for

SOON, PAST = 3600.0, -1.0

#: whether it has come each time, whether the log has ended, seconds to the deadline; result, flushes
WAITS = [
    ([True], False, SOON, True, 0),
    ([False, True], False, SOON, True, 1),
    ([False, False, False, True], False, SOON, True, 3),
    ([False], True, SOON, False, 0),
    ([False], False, PAST, False, 0),
    ([True], False, PAST, True, 0),
]


@pytest.mark.parametrize(("answers", "ended", "left", "comes", "flushed"), WAITS)
def test_who_waits_for_mail_flushes_the_queue_now_and_then(
    answers: list[bool], ended: bool, left: float, comes: bool, flushed: int
) -> None:
    said, flushes = list(answers), []
    log = SimpleNamespace(ended=ended, wait_until=lambda _condition, _seconds: said.pop(0))
    instance = SimpleNamespace(flush_queue=lambda: flushes.append(1))
    running = cast(RunningInstance, SimpleNamespace(log=log, instance=instance))

    assert wait_for(running, delivered(1), time.monotonic() + left) is comes
    assert len(flushes) == flushed
    assert not said
