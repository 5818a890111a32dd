"""One private instance of a scenario, from its routes to its last log line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance, wait_for_exit
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.maillog import MailLog
from conformance.lab.instance.recorder import RECORDED_SERVICE, RunningRecorder
from conformance.lab.instance.variants import Variant
from conformance.lab.scenarios import Scenario

__all__ = ["RunningInstance", "start_instance"]

HOLDING = {"smtpd_client_restrictions": "check_client_access static:hold"}
"""Parameters by which all mail goes to the hold queue."""


@dataclass(frozen=True, slots=True)
class RunningInstance:
    """A private instance under test, its log, and the recorder in front of its cache."""

    instance: Instance
    log: MailLog
    submission: str
    recorder: RunningRecorder | None
    trace: Path
    """What the recorder writes."""

    def finish(self) -> None:
        """End the recording, have the cache log its statistics, read all of the log, and stop."""
        self.instance.wait_for_old_deliveries()
        if self.recorder is not None:
            self.recorder.finish()
        caches = self.instance.watched_caches()
        self.instance.reload()
        for cache in caches:
            wait_for_exit(cache)
        self.instance.mark(self.log, "the statistics have been logged")
        self.instance.stop(self.log)


def start_instance(
    scenario: Scenario, variant: Variant, instance: Instance, network: LoopbackNetwork, number: int
) -> RunningInstance:
    """Start an instance, the scenario's first or next, that sends its destinations to its sinks."""
    cache = CacheEntry(
        command=variant.install(instance),
        service=scenario.service,
        chroot=scenario.chroot,
        asked_for=RECORDED_SERVICE if variant.recorded else None,
    )
    submission = network.submission(number)
    log = instance.start(submission, cache, parameters(scenario, network, number))
    trace = instance.directories.program / "trace.jsonl.gz"
    recorder = None
    if variant.recorded:
        what = f"{scenario.name}: {scenario.about}"
        recorder = RunningRecorder(
            instance.directories.queue, scenario.service, trace, what, instance.installation
        )
    return RunningInstance(instance, log, submission, recorder, trace)


def parameters(scenario: Scenario, network: LoopbackNetwork, number: int) -> dict[str, str]:
    """main.cf parameters of the scenario's instance of this number."""
    routes = {}
    for destination in range(scenario.destinations):
        address = network.sink(destination % scenario.sinks)
        routes[scenario.domain(destination)] = scenario.next_hop(destination, address)
    entries = ", ".join(f"{{ {domain} = {hop} }}" for domain, hop in routes.items())
    return {
        "syslog_name": "postfix" if scenario.instances == 1 else f"postfix-{number + 1}",
        "relay_domains": " ".join(routes),
        "transport_maps": f"inline:{{ {entries} }}",
        **(HOLDING if scenario.held else {}),
        **scenario.parameters,
    }
