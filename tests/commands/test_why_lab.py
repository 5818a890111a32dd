"""`scache why` on what smtp(8) asked of this project's daemon, and of the real one, in a private Postfix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.running import RunningInstance, start_instance
from conformance.lab.instance.variants import VARIANTS, Variant
from conformance.lab.scenarios import Scenario, Wave, scenario_named
from conformance.lab.traffic.delivery import deliver
from conformance.lab.traffic.servers import start_sink
from conformance.postfix.installations import private_postfix
from scache.cli import main

TELLING = Variant(lambda instance: f"{VARIANTS['ours'].install(instance)} -o scache_status_request=yes")


def scenario(name: str, **changes: object) -> Scenario:
    found = scenario_named(name)
    assert found is not None
    return replace(found, **changes)  # type: ignore[arg-type]


@contextmanager
def delivered(scenario: Scenario, variant: Variant) -> Iterator[tuple[RunningInstance, str]]:
    """A running Postfix that has just delivered the scenario's mails, and the address of its first sink."""
    installation = private_postfix()
    with LoopbackNetwork() as network:
        sinks = [
            start_sink(scenario.sink, installation, network.sink(index)) for index in range(scenario.sinks)
        ]
        try:
            with Instance(installation) as instance:
                running = start_instance(scenario, variant, instance, network, 0)
                deliver(scenario, installation, [running], long=False)
                yield running, "{}]:{}".format(*network.sink(0))
                running.finish()
        finally:
            for sink in sinks:
                sink.stop()


def why(running: RunningInstance, destination: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What `scache why` says, in one line."""
    capsys.readouterr()
    main(["why", "--config-directory", str(running.instance.directories.config), destination])
    return re.sub(r"\s+", " ", capsys.readouterr().out)


@pytest.mark.postfix
def test_a_first_delivery_and_parallel_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with delivered(scenario("mixed"), TELLING) as (running, address):
        said = why(running, f"[{address}", capsys)
    assert re.search(
        r"the last session of smtp/\S+ was|another client took the last session of smtp/"
        r"|nobody has saved anything under this label lately|for which nobody has saved a session lately",
        said,
    )
    assert re.search(r"was asked for (\d+) times lately, with \d+ hits", said)


@pytest.mark.postfix
def test_what_had_expired_between_two_bursts(capsys: pytest.CaptureFixture[str]) -> None:
    with delivered(
        scenario("idle-then-busy", short=(Wave(5, sessions=1), Wave(1, sessions=1, pause=5))), TELLING
    ) as (
        running,
        address,
    ):
        said = why(running, f"[{address}", capsys)
    assert re.search(r"the destination's bindings expired \d s before", said)
    assert "raise connection_cache_ttl_limit and smtp_connection_cache_time_limit" in said


@pytest.mark.postfix
def test_a_label_that_differs_in_the_sender_by_whom_the_login_is_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with delivered(scenario("sasl"), TELLING) as (running, address):
        said = why(running, address.partition("]")[0], capsys)
    assert "differs only in the sender, and with it the login (SASL user)" in said


@pytest.mark.postfix
def test_of_the_real_scache_its_parameters_and_what_check_would_say_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with delivered(scenario("mixed"), VARIANTS["real"]) as (running, address):
        said = why(running, f"[{address}", capsys)
        lines = running.log.lines
    assert "/private/scache: answers, but the server tells nothing of itself" in said
    assert "connection_cache_ttl_limit = " in said
    assert any('warning: unrecognized request: "status", ignored' in line for line in lines)
