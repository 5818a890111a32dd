"""One run of a scenario: servers, private instances, traffic, what goes wrong meanwhile, figures."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from conformance.postfix_lab.configuration import CacheEntry
from conformance.postfix_lab.installation import Installation
from conformance.postfix_lab.instance import Instance, wait_for_exit
from conformance.postfix_lab.loopback import LoopbackNetwork
from conformance.postfix_lab.maillog import LogTally, MailLog
from conformance.postfix_lab.outcome import Outcome
from conformance.postfix_lab.recorder import RECORDED_SERVICE, RunningRecorder
from conformance.postfix_lab.scenarios import Disturbance, Scenario
from conformance.postfix_lab.servers import start_sink
from conformance.postfix_lab.sinks import Sink
from conformance.postfix_lab.traffic import Injection
from conformance.postfix_lab.unpacked import unpacked_postfix
from conformance.postfix_lab.variants import Variant
from scache.errors import UnavailableError

__all__ = ["run_scenario"]

TIME_LIMIT = {False: 60.0, True: 600.0}
"""Seconds for the traffic of a scenario's short and long form; what hasn't arrived then is missing."""
RELOAD_INTERVAL = 2.0
HOLDING = {"smtpd_client_restrictions": "check_client_access static:hold"}
"""Parameters by which all mail goes to the hold queue."""


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """A private instance under test, and its log."""

    instance: Instance
    log: MailLog
    submission: str
    recorder: RunningRecorder | None
    trace: Path
    """What the recorder writes."""


def run_scenario(
    scenario: Scenario, variant: Variant, installation: Installation, long: bool, keep: Path | None = None
) -> Outcome:
    """Run the scenario with this scache and end everything that was started for it.

    keep: where the trace of a recorded variant's first instance goes.
    Raises UnavailableError where the run could not be made; an outcome with mails missing is an outcome.
    """
    with ending_on_signals(), ExitStack() as stack:
        network = stack.enter_context(LoopbackNetwork())
        sinks: list[Sink] = []
        for index in range(scenario.sinks):
            sinks.append(start_sink(scenario.sink, installation, network.sink(index)))
            stack.callback(sinks[-1].stop)
        postfix = installation
        if scenario.release is not None:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postfix-lab-")))
            place.chmod(0o755)
            postfix = unpacked_postfix(scenario.release, installation, place)
        running = []
        for number in range(scenario.instances):
            instance = stack.enter_context(Instance(postfix))
            running.append(start_instance(scenario, variant, instance, network, number))
            if recorder := running[-1].recorder:
                stack.callback(recorder.stop)
        deliver(scenario, installation, running, long)
        for each in running:
            finish(each)
        if keep is not None:
            shutil.move(running[0].trace, keep)
        counts = tuple(sink.finish() for sink in sinks)
    tally = LogTally()
    for each in running:
        tally.merge(each.log.tally)
    return Outcome(scenario.mails(long) * scenario.instances, tally, counts)


@contextlib.contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the run as an interrupt from the keyboard does."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start_instance(
    scenario: Scenario, variant: Variant, instance: Instance, network: LoopbackNetwork, number: int
) -> RunningInstance:
    """Start an instance that sends the scenario's destinations to its sinks."""
    routes = {
        scenario.domain(destination): scenario.next_hop(
            destination, network.sink(destination % scenario.sinks)
        )
        for destination in range(scenario.destinations)
    }
    parameters = {
        "syslog_name": "postfix" if scenario.instances == 1 else f"postfix-{number + 1}",
        "relay_domains": " ".join(routes),
        "transport_maps": "inline:{ "
        + ", ".join(f"{{ {domain} = {hop} }}" for domain, hop in routes.items())
        + " }",
        **(HOLDING if scenario.held else {}),
        **scenario.parameters,
    }
    cache = CacheEntry(
        command=variant.install(instance),
        service=scenario.service,
        chroot=scenario.chroot,
        asked_for=RECORDED_SERVICE if variant.recorded else None,
    )
    submission = network.submission(number)
    log = instance.start(submission, cache, parameters)
    trace = instance.directories.program / "trace.jsonl.gz"
    recorder = None
    if variant.recorded:
        what = f"{scenario.name}: {scenario.about}"
        recorder = RunningRecorder(
            instance.directories.queue, scenario.service, trace, what, instance.installation
        )
    return RunningInstance(instance, log, submission, recorder, trace)


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
            each.log.wait_until(settled(expected), remaining(deadline))


def remaining(deadline: float) -> float:
    """Seconds until the deadline, 0 when it has passed."""
    return max(0.0, deadline - time.monotonic())


def settled(mails: int) -> Callable[[LogTally], bool]:
    """The condition that so many mails have been delivered, and their connections saved.

    smtp(8) tells qmgr(8) that it is done, which then removes the mail, after it has saved the connection.
    After a reload, qmgr(8) skips a mail that is still being delivered, and looks again a minute later only.
    """
    return lambda tally: tally.statuses["sent"] >= mails and tally.removed + tally.skipped >= mails


def disturb(disturbance: Disturbance, running: RunningInstance, mails: int, deadline: float) -> None:
    """Do to the instance what the scenario asks for, while so many mails are on their way."""
    if disturbance is Disturbance.RELOAD_OFTEN:
        while not running.log.wait_until(settled(mails), min(RELOAD_INTERVAL, remaining(deadline))):
            if not remaining(deadline):
                return
            running.instance.reload()
    elif disturbance is not Disturbance.NONE:
        running.log.wait_until(settled(mails // 2), remaining(deadline))
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


def finish(running: RunningInstance) -> None:
    """End the recording, have the cache log its statistics, read all of the log, and stop the instance."""
    running.instance.wait_for_old_deliveries()
    if running.recorder is not None:
        running.recorder.finish()
    caches = running.instance.watched_caches()
    running.instance.reload()
    for cache in caches:
        wait_for_exit(cache)
    running.instance.mark(running.log, "the statistics have been logged")
    running.instance.stop(running.log)
