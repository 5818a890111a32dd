"""What the cache means to a mail server: smtp(8) of a private Postfix delivers a queue full of mail."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.benchmark.measure.process import cpu_time, machine_cpu_time
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.running import RunningInstance, start_instance
from conformance.lab.instance.variants import Variant
from conformance.lab.scenarios import Scenario, Wave
from conformance.lab.traffic.delivery import settled
from conformance.lab.traffic.servers import start_sink
from conformance.lab.traffic.traffic import Injection
from conformance.postfix.installations import Installation
from scache.errors import RemoteError

__all__ = ["Delivery", "measure_mail"]

DESTINATIONS = 8
SINKS = 4
CONCURRENCY = "4"
"""smtp(8) processes for a destination at most."""
PATIENCE = 120.0
"""Seconds in which all mail must have been delivered."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of a full queue, by all smtp(8) processes together. Times are in seconds.

    cache: CPU of the cache; machine: of the whole machine. reused: the part of the mails that went over a
    connection that was open already.
    """

    mails: int
    elapsed: float
    cache: float
    machine: float
    reused: float


def measure_mail(
    variants: Mapping[str, Variant], installation: Installation, mails: int, turns: int
) -> dict[str, list[Delivery]]:
    """Deliver so many mails, released all at once to servers that answer at once; the variants take turns.

    Raises RemoteError where mail is missing, UnavailableError where a private Postfix can't be run.
    """
    found: dict[str, list[Delivery]] = {name: [] for name in variants}
    for _ in range(turns):
        for name, variant in variants.items():
            found[name].append(_deliver(variant, installation, mails))
    return found


def _scenario(mails: int) -> Scenario:
    first, rest = Wave(1), Wave(max(1, mails // DESTINATIONS), sessions=4)
    parameters = {"default_destination_concurrency_limit": CONCURRENCY}
    return Scenario(
        "mail",
        "a queue full of mail",
        (first, rest),
        (),
        DESTINATIONS,
        SINKS,
        parameters=parameters,
        held=True,
    )


def _deliver(variant: Variant, installation: Installation, mails: int) -> Delivery:
    scenario = _scenario(mails)
    first, rest = scenario.short
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(LoopbackNetwork())
        for index in range(SINKS):
            stack.callback(start_sink(scenario.sink, installation, network.sink(index)).stop)
        instance = stack.enter_context(Instance(installation))
        running = start_instance(scenario, variant, instance, network, 0)
        expected = first.mails * DESTINATIONS
        _inject(installation, scenario, first, running)
        _release(running, expected)  # from here on the cache runs
        _inject(installation, scenario, rest, running)
        (cache,) = instance.watched_caches()
        pid = _process_of(cache)
        stack.callback(os.close, cache)
        cache_before, machine_before = cpu_time(pid).total, machine_cpu_time()
        uses_before = running.log.tally.uses.copy()
        began = time.monotonic()
        _release(running, expected + rest.mails * DESTINATIONS)
        elapsed = time.monotonic() - began
        uses = running.log.tally.uses - uses_before
        return Delivery(
            mails=rest.mails * DESTINATIONS,
            elapsed=elapsed,
            cache=cpu_time(pid).total - cache_before,
            machine=machine_cpu_time() - machine_before,
            reused=1 - uses[1] / uses.total(),
        )


def _inject(installation: Installation, scenario: Scenario, wave: Wave, running: RunningInstance) -> None:
    injection = Injection(installation, scenario, wave, running.submission)
    try:
        if not injection.wait(time.monotonic() + PATIENCE):
            raise RemoteError("the private Postfix does not take its mail")
    finally:
        injection.stop()


def _release(running: RunningInstance, expected: int) -> None:
    running.instance.release_held_mail()
    if not running.log.wait_until(settled(expected), PATIENCE):
        raise RemoteError(f"{expected - running.log.tally.removed} mails have not been delivered")


def _process_of(pidfd: int) -> int:
    lines = Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))
