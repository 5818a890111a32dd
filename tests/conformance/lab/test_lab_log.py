"""The lab's reading of a mail log."""

from __future__ import annotations

import os
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator

import pytest

from conformance.lab.instance.maillog import Line, LogTally, MailLog, parse_line

STAMP = "Nov 23 17:33:10 lab postfix"


def tally(*lines: str) -> LogTally:
    counted = LogTally()
    for line in lines:
        counted.add(line)
    return counted


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (f"{STAMP}/smtp[7790]: warning: x", Line("smtp", 7790, "warning: x")),
        (f"{STAMP}-2/scache[1]: statistics: y", Line("scache", 1, "statistics: y")),
        ("Nov  3 07:03:10 lab postfix/submission/smtpd[12]: connect", Line("smtpd", 12, "connect")),
        ("Terminated", None),
        ("", None),
    ],
)
def test_a_line_is_read_by_process_and_text(raw: str, line: Line | None) -> None:
    assert parse_line(raw) == line


def test_a_delivery_without_conn_use_is_a_first_use() -> None:
    start = f"{STAMP}/smtp[1]: 6B1: to=<r@d1.example>, relay=127.0.0.2[127.0.0.2]:2502,"
    end = "delay=0.01, delays=0/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"

    counted = tally(f"{start} {end}", f"{start} conn_use=2, {end}", f"{start} conn_use=13, {end}")

    assert counted.uses == Counter({1: 1, 2: 1, 13: 1})
    assert counted.statuses == Counter({"sent": 3})


def test_a_deferred_mail_uses_no_connection() -> None:
    counted = tally(
        f"{STAMP}/smtp[1]: 6B1: to=<r@d1.example>, relay=none, delay=0.01, dsn=4.4.1, status=deferred (no)"
    )

    assert counted.statuses == Counter({"deferred": 1})
    assert not counted.uses


def test_lookups_of_all_intervals_are_added_and_of_the_maxima_the_largest_counts() -> None:
    counted = tally(
        f"{STAMP}/scache[1]: statistics: start interval Nov 23 17:33:10",
        f"{STAMP}/scache[1]: statistics: domain lookup hits=24 miss=2 success=92%",
        f"{STAMP}/scache[1]: statistics: max simultaneous domains=1 addresses=5 connection=2",
        f"{STAMP}/scache[2]: statistics: domain lookup hits=3 miss=1 success=75%",
        f"{STAMP}/scache[2]: statistics: address lookup hits=0 miss=1 success=0%",
        f"{STAMP}/scache[2]: statistics: max simultaneous domains=4 addresses=4 connection=1",
    )

    assert counted.lookups == Counter({"domain hits": 27, "domain miss": 3, "address miss": 1})
    assert counted.maxima == Counter({"domains": 4, "addresses": 5, "connection": 2})


@pytest.mark.parametrize("severity", ["warning", "error", "fatal", "panic"])
def test_what_is_serious_is_kept_whoever_says_it(severity: str) -> None:
    counted = tally(f"{STAMP}/smtp[5]: {severity}: connect to private/scache: Connection refused")

    assert counted.serious == [Line("smtp", 5, f"{severity}: connect to private/scache: Connection refused")]


def test_what_the_queue_manager_and_the_master_say_is_counted() -> None:
    counted = tally(
        f"{STAMP}/master[2]: daemon started -- version 3.7.11, configuration /x",
        f"{STAMP}/qmgr[3]: 6B1: removed",
        f"{STAMP}/qmgr[3]: 6B2: skipped, still being delivered",
        f"{STAMP}/master[2]: reload -- version 3.7.11, configuration /x",
        f"{STAMP}/smtpd[4]: connect from unknown[127.0.0.1]",
        f"{STAMP}/lab[9]: here",
    )

    assert counted.started
    assert (counted.removed, counted.skipped, counted.reloads, counted.clients) == (1, 1, 1, 1)
    assert counted.markers == {"here"}


def test_a_connection_that_ends_without_quit_is_lost() -> None:
    tally = LogTally()
    for commands in ("ehlo=1 mail=2 rcpt=2 data=2 rset=1", "ehlo=1 mail=1 rcpt=1 data=1 quit=1"):
        tally.add(f"{STAMP}/smtpd[4]: disconnect from unknown[127.0.0.1] {commands} commands=8")
    assert tally.lost == 1


def test_two_instances_add_up() -> None:
    first = tally(f"{STAMP}-1/scache[1]: statistics: max simultaneous domains=1 addresses=5 connection=2")
    second = tally(
        f"{STAMP}-2/scache[1]: statistics: max simultaneous domains=2 addresses=2 connection=2",
        f"{STAMP}-2/qmgr[3]: 6B1: removed",
    )

    first.merge(second)

    assert first.removed == 1
    assert first.maxima == Counter({"domains": 2, "addresses": 5, "connection": 2})


@pytest.fixture
def instance() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose life is the log's."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def test_a_line_that_is_waited_for_ends_the_wait(instance: subprocess.Popen[bytes]) -> None:
    source, sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    log = MailLog(source, os.pidfd_open(instance.pid))
    with sender:
        sender.send(f"{STAMP}/qmgr[3]: 6B1: removed".encode())

    assert log.wait_until(lambda counted: counted.removed == 1, 60)


def test_a_log_that_ends_ends_the_wait_for_a_line_that_never_came(instance: subprocess.Popen[bytes]) -> None:
    source, sender = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    log = MailLog(source, os.pidfd_open(instance.pid))
    with sender:
        sender.send(b"Terminated")
        instance.kill()

        assert not log.wait_until(lambda counted: counted.removed == 1, 60)
        assert log.wait_for_end(60)
    assert log.lines == ["Terminated"]
