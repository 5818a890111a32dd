"""One run of a scenario: servers, private instances, traffic, figures."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.maillog import LogTally
from conformance.lab.instance.running import RunningInstance, start_instance
from conformance.lab.instance.unpacked import unpacked_postfix
from conformance.lab.instance.variants import Variant
from conformance.lab.outcome import Outcome
from conformance.lab.scenarios import Scenario
from conformance.lab.traffic.delivery import deliver
from conformance.lab.traffic.servers import start_sink
from conformance.lab.traffic.sinks import Sink
from conformance.postfix.installations import Installation

__all__ = ["run_scenario"]


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
        postfix = release(scenario, installation, stack)
        running: list[RunningInstance] = []
        for number in range(scenario.instances):
            instance = stack.enter_context(Instance(postfix))
            running.append(start_instance(scenario, variant, instance, network, number))
            if recorder := running[-1].recorder:
                stack.callback(recorder.stop)
        deliver(scenario, installation, running, long)
        for each in running:
            each.finish()
        if keep is not None:
            shutil.move(running[0].trace, keep)
        counts = tuple(sink.finish() for sink in sinks)
    tally = LogTally()
    for each in running:
        tally.merge(each.log.tally)
    log = tuple(line for each in running for line in each.log.lines)
    return Outcome(scenario.mails(long) * scenario.instances, tally, counts, log=log)


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


def release(scenario: Scenario, installation: Installation, stack: ExitStack) -> Installation:
    """The Postfix that the scenario wants: the installed one, or a fetched one made runnable for this run."""
    if scenario.release is None:
        return installation
    place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postfix-lab-")))
    place.chmod(0o755)
    return unpacked_postfix(scenario.release, installation, place)
