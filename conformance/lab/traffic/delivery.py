"""Mail through the running instances of a scenario, and what goes wrong meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from conformance.lab.instance.instance import Instance
from conformance.lab.instance.maillog import LogTally
from conformance.lab.instance.running import RunningInstance
from conformance.lab.scenarios import Disturbance, Scenario
from conformance.lab.traffic.traffic import Injection
from conformance.postfix.installations import Installation
from scache.errors import UnavailableError

__all__ = ["deliver"]

TIME_LIMIT = {False: 180.0, True: 600.0}
"""Seconds for the traffic of a scenario's short and long form; what hasn't arrived then is missing.

More than two of the minutes that qmgr(8) lets go by before it looks again at a mail that was being delivered.
"""
FLUSHING = 10.0
"""Seconds without what is awaited, after which the queue is flushed: a reload wakes qmgr(8) only once, and
may leave mail waiting for minutes.
"""
RELOAD_INTERVAL = 500
"""Mails between two reloads. Not seconds: of two runs, the slower one would meet more reloads."""


def deliver(
    scenario: Scenario, installation: Installation, running: Sequence[RunningInstance], long: bool
) -> None:
    """Send the scenario's waves and wait, within its time limit, until every mail has been delivered."""
    deadline = time.monotonic() + TIME_LIMIT[long]
    expected = 0
    for wave in scenario.waves(long):
        running[0].log.wait_for_end(wave.pause)
        expected += wave.mails * scenario.destinations
        with ExitStack() as stack:
            injections = [Injection(installation, scenario, wave, each.submission) for each in running]
            for injection in injections:
                stack.callback(injection.stop)
            for each in running:
                disturb(scenario.disturbance, each, expected, deadline)
            if not all(injection.wait(deadline) for injection in injections):
                return
        for each in running:
            if scenario.held:
                each.instance.release_held_mail()
            wait_for(each, settled(expected), deadline)


def remaining(deadline: float) -> float:
    """Seconds until the deadline, 0 when it has passed."""
    return max(0.0, deadline - time.monotonic())


def wait_for(running: RunningInstance, condition: Callable[[LogTally], bool], deadline: float) -> bool:
    """Wait until the log fulfils the condition; False where it has ended before, or the deadline has come."""
    while not running.log.wait_until(condition, min(FLUSHING, remaining(deadline))):
        if running.log.ended or not remaining(deadline):
            return False
        running.instance.flush_queue()
    return True


def delivered(mails: int) -> Callable[[LogTally], bool]:
    """The condition that so many mails have been delivered."""
    return lambda tally: tally.statuses["sent"] >= mails


def settled(mails: int) -> Callable[[LogTally], bool]:
    """The condition that so many mails have been delivered, and their connections saved.

    smtp(8) tells qmgr(8) that it is done, which then removes the mail, after it has saved the connection.
    After a reload, qmgr(8) skips a mail that is still being delivered, and looks again a minute later only.
    """
    return lambda tally: tally.statuses["sent"] >= mails and tally.removed + tally.skipped >= mails


def disturb(disturbance: Disturbance, running: RunningInstance, mails: int, deadline: float) -> None:
    """Do to the instance what the scenario asks for, while so many mails are on their way."""
    if disturbance is Disturbance.RELOAD_OFTEN:
        for sent in range(RELOAD_INTERVAL, mails, RELOAD_INTERVAL):
            if not wait_for(running, delivered(sent), deadline):
                return
            running.instance.reload()
    elif disturbance is not Disturbance.NONE:
        wait_for(running, settled(mails // 2), deadline)
        if disturbance is Disturbance.RELOAD:
            running.instance.reload()
        else:
            kill_cache(running.instance)


def kill_cache(instance: Instance) -> None:
    """End the connection cache by SIGKILL. Raises UnavailableError where there is none."""
    caches = instance.watched_caches()
    if not caches:
        raise UnavailableError("no connection cache is running that could be killed")
    for cache in caches:
        signal.pidfd_send_signal(cache, signal.SIGKILL)
        os.close(cache)
