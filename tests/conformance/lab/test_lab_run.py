"""The lab at work: its sinks, and private instances of the real Postfix."""

from __future__ import annotations

import os
import select
import signal
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.lab import experiment
from conformance.lab.experiment import run_scenario
from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance
from conformance.lab.instance.loopback import LoopbackNetwork
from conformance.lab.instance.variants import VARIANTS
from conformance.lab.outcome import compare
from conformance.lab.scenarios import scenario_named
from conformance.lab.traffic.sinks import ClosingSink, SinkCounts, SmtpSink
from conformance.postfix.installations import private_postfix
from scache.errors import UnavailableError

MIXED = scenario_named("mixed")
assert MIXED is not None


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary directory that others may enter (pytest's own is root's alone), for the instances."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", directory)
        yield place


def send(server: smtplib.SMTP) -> None:
    server.sendmail("anna@src.example", ["rcpt@d1.example"], "Subject: x\r\n\r\nx\r\n")


def test_two_runs_at_once_have_different_addresses() -> None:
    with LoopbackNetwork() as first, LoopbackNetwork() as second:
        assert first.submission() != second.submission()
        assert first.sink(0) != second.sink(0)
        assert first.sink(0) != first.sink(1)


def test_a_network_in_which_a_server_was_left_behind_is_passed_over() -> None:
    with LoopbackNetwork() as network:
        address = network.sink(3)
    with socket.create_server(address), LoopbackNetwork() as next_network:
        assert next_network.sink(3) != address


def test_a_closing_sink_refuses_to_go_on_after_its_number_of_mails() -> None:
    with LoopbackNetwork() as network:
        sink = ClosingSink(network.sink(0), mails_per_connection=2)
        try:
            with smtplib.SMTP(*network.sink(0), timeout=10) as server:
                send(server)
                assert server.rset()[0] == 250
                send(server)
                assert server.rset()[0] == 421
            with smtplib.SMTP(*network.sink(0), timeout=10) as server:
                send(server)
            assert sink.finish() == SinkCounts(connections=2, mails=3)
        finally:
            sink.stop()


@pytest.mark.postfix
def test_smtp_sink_counts_every_connection_and_mail() -> None:
    with LoopbackNetwork() as network:
        sink = SmtpSink(private_postfix(), network.sink(0))
        try:
            for mails in (1, 3):
                with smtplib.SMTP(*network.sink(0), timeout=10) as server:
                    for _ in range(mails):
                        send(server)
            assert sink.finish() == SinkCounts(connections=2, mails=4)
        finally:
            sink.stop()


def environment_of(pid: int) -> str:
    """What a process was started with; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/environ").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.postfix
@pytest.mark.parametrize("entry", [CacheEntry(), CacheEntry(chroot=True, service="shared")])
def test_an_instance_leaves_nothing_behind(entry: CacheEntry, place: Path) -> None:
    with LoopbackNetwork() as network, Instance(private_postfix()) as instance:
        log = instance.start(network.submission(), entry, {})
        master = int((instance.directories.queue / "pid" / "master.pid").read_text())
        assert str(instance.directories.config) in environment_of(master)
        instance.mark(log, "up")
        # Without `stop`: close() has to do it.

    assert not list(place.iterdir())
    assert str(instance.directories.config) not in environment_of(master)
    assert log.wait_for_end(10)


@pytest.mark.postfix
def test_an_instance_that_was_started_again_meanwhile_leaves_nothing_behind_either(place: Path) -> None:
    with LoopbackNetwork() as network, Instance(private_postfix()) as instance:
        instance.stop(instance.start(network.submission(), CacheEntry(), {}))
        postfix = [instance.installation.command("postfix"), "-c", str(instance.directories.config)]
        subprocess.run([*postfix, "start"], check=True, capture_output=True)
        master = int((instance.directories.queue / "pid" / "master.pid").read_text())
        watched = os.pidfd_open(master)

    assert not list(place.iterdir())
    assert select.select([watched], [], [], 10)[0]
    os.close(watched)


@pytest.mark.postfix
def test_a_postfix_that_does_not_start_is_reported_with_its_own_words() -> None:
    with LoopbackNetwork() as network, Instance(private_postfix()) as instance:
        os.chown(instance.directories.data, 0, 0)

        with pytest.raises(UnavailableError, match=r"does not start: .*fatal: .*Permission denied"):
            instance.start(network.submission(), CacheEntry(), {})


@pytest.mark.postfix
def test_200_mails_to_5_destinations_reuse_connections_as_often_with_our_daemon_as_with_the_real_one() -> (
    None
):
    outcomes = {
        name: run_scenario(MIXED, VARIANTS[name], private_postfix(), long=False) for name in ("real", "ours")
    }

    assert [outcome.delivered for outcome in outcomes.values()] == [200, 200]
    assert outcomes["real"].reused > 150
    assert not list(compare(outcomes["real"], outcomes["ours"]))


@pytest.mark.postfix
@pytest.mark.lasting
def test_a_real_smtpd_is_told_the_end_of_each_connection_with_a_good_bye_and_of_none_without() -> None:
    scenario = scenario_named("good-bye")
    assert scenario is not None
    lost = {}
    for name in ("real", "ours"):
        outcome = run_scenario(scenario, VARIANTS[name], private_postfix(), long=False)
        assert outcome.delivered == 16
        (lost[name],) = (sink.lost for sink in outcome.sinks)
    assert lost["ours"] == 0 < lost["real"]


@pytest.mark.postfix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_run_removes_the_private_instance(
    number: signal.Signals, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "deliver", lambda *_: os.kill(os.getpid(), number))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs us may have it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            run_scenario(MIXED, VARIANTS["real"], private_postfix(), long=False)
    finally:
        signal.signal(signal.SIGINT, before)

    assert not list(place.iterdir())
