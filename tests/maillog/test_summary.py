"""What a mail log comes to, and what `scache log` prints of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scache.cli import main
from scache.maillog.line import LineReader
from scache.maillog.summary import Summary
from scache.maillog.warning import WARNINGS, Warned, warned

READER = LineReader(datetime(2026, 11, 4))
PEER = "mx.example[192.0.2.1]"


def entry(text: str, process: str = "smtp", name: str = "postfix", at: str = "11:10:00", pid: int = 7) -> str:
    return f"Nov  3 {at} mx {name}/{process}[{pid}]: {text}"


def sent(queue_id: str, use: int, status: str = "sent") -> str:
    conn_use = f"conn_use={use}, " if use > 1 else ""
    return f"{queue_id}: to=<a@b>, relay={PEER}:25, {conn_use}delay=1, dsn=2.0.0, status={status} (x)"


def counted(by: str, hits: int, misses: int) -> str:
    return f"statistics: {by} lookup hits={hits} miss={misses} success=0%"


MOST = "statistics: max simultaneous domains={} addresses={} connection={}"
LOG = [
    entry(sent("1A", 1)),
    entry(sent("2A", 2), at="11:20:00"),
    entry(sent("3A", 1, "deferred")),
    entry(counted("domain", 3, 1), "scache"),
    entry(counted("address", 1, 1), "scache"),
    entry(MOST.format(3, 1, 2), "scache"),
    entry(counted("domain", 5, 0), "scache", at="12:30:00"),
    entry(MOST.format(2, 4, 1), "scache", at="12:30:00"),
    entry(counted("domain", 1, 9), "scache", name="postfix-out"),
]


def summed_up(*lines: str) -> Summary:
    summary = Summary()
    summary.add(filter(None, map(READER.line, lines)))
    return summary


def test_intervals_add_up_and_of_maxima_the_largest_counts() -> None:
    cache = summed_up(*LOG).caches["postfix"]
    assert dict(cache.lookups) == {
        ("domain", True): 8,
        ("domain", False): 1,
        ("address", True): 1,
        ("address", False): 1,
    }
    assert (cache.maxima.domains, cache.maxima.addresses, cache.maxima.connections) == (3, 4, 2)


def test_each_instance_has_a_cache_of_its_own_and_the_whole_is_all_of_them() -> None:
    summary = summed_up(*LOG)
    assert sorted(summary.caches) == ["postfix", "postfix-out"]
    assert summary.whole().cache.lookups["domain", False] == 10


def test_only_mails_that_were_sent_count_as_reuse() -> None:
    whole = summed_up(*LOG).whole()
    assert (whole.mails, whole.reused) == (2, 1)


def test_a_mail_to_several_recipients_is_one_delivery() -> None:
    lines = [sent("1A", 2), sent("1A", 2), sent("1A", 2)]
    summary = summed_up(*map(entry, lines), entry(sent("1A", 2), pid=8))
    assert summary.peers[PEER].uses == {2: 2}


def test_a_peer_that_hung_up_or_said_421_is_counted() -> None:
    lost = entry(f"1A: lost connection with {PEER} while sending MAIL FROM")
    busy = entry(f"1A: host {PEER}:25 said: 421 4.7.0 enough (in reply to MAIL FROM)")
    assert summed_up(lost, busy, entry(f"1A: host {PEER} said: 450 later")).peers[PEER].ends == 2


@pytest.mark.parametrize(
    ("most", "step", "mails"),
    [
        (24, timedelta(minutes=1), [1, 1, 0]),
        (2, timedelta(minutes=30), [2, 0]),
        (1, timedelta(days=1), [2]),
    ],
)
def test_periods_are_as_short_as_their_number_allows(most: int, step: timedelta, mails: list[int]) -> None:
    found, periods = summed_up(*LOG).over_time(most)
    assert (found, [period.mails for _at, period in periods]) == (step, mails)


SAID = {
    "cache-given-up": entry("warning: disabling connection caching"),
    "cache-lost": entry("warning: problem talking to service private/scache: Connection reset by peer"),
    "session-not-saved": entry("warning: scache_clnt_save_endp: descriptor save failed with status 2"),
    "descriptor-lost": entry(
        "warning: unix_recv_fd: timeout receiving file descriptor: Connection timed out"
    ),
    "session-not-understood": entry("warning: smtp_session_activate: bad cached session attribute for x"),
    "tls-proxy-missing": entry("warning: connect to private/tlsproxy service: No such file or directory"),
    "cache-ended": entry("warning: process /usr/lib/postfix/sbin/scache pid 9 killed by signal 9", "master"),
    "cache-not-started": entry(
        "warning: /usr/lib/postfix/sbin/scache: bad command startup -- throttling", "master"
    ),
    "cache-can't-start": entry("fatal: bad numerical configuration", "scache"),
    "cache-full": entry("warning: too many sessions: see scache_session_limit", "scache"),
    "descriptors-used-up": entry("warning: accept connection: Too many open files", "scache"),
    "not-the-protocol": entry('warning: unrecognized request: "status", ignored', "scache"),
}


@pytest.mark.parametrize("kind", WARNINGS, ids=lambda kind: kind.name)
def test_each_kind_of_warning_is_known_by_its_line_and_only_from_who_writes_it(kind: Warned) -> None:
    line = READER.line(SAID[kind.name])
    assert line is not None
    assert warned(line) is kind
    other = READER.line(
        SAID[kind.name].replace(f"/{line.process}[", "/lmtp[" if line.process == "scache" else "/scache[")
    )
    assert other is not None
    assert warned(other) is not kind


@pytest.mark.parametrize(
    "text",
    [
        "warning: problem talking to service rewrite: Connection reset by peer",
        "1A: warning: disabling connection caching",
    ],
)
def test_what_has_to_do_with_no_cache_is_no_warning(text: str) -> None:
    line = READER.line(entry(text))
    assert line is not None
    assert warned(line) is None


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "mail.log"
    path.write_text(
        "\n".join([*LOG, SAID["cache-lost"], SAID["cache-lost"].replace("11:10", "11:50")]) + "\n"
    )
    return path


def test_the_table_has_sums_periods_peers_and_what_warnings_mean(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", str(log)]) == 0
    printed = capsys.readouterr().out
    for line in (
        "2 mails sent, 1 over a connection that was used before, 50.0%",
        "cache postfix-out",
        "  lookups by destination         8 hits        1 misses   88.9%",
        "  most at once: 2 sessions, 4 endpoints, 3 destinations",
        "in periods of a minute",
        f"          2   50.0%      2      0  {PEER}",
        "  warning: problem talking to service private/scache: Connection reset by peer",
    ):
        assert line in printed.splitlines()
    assert "cache-lost: 2 times, " in printed


def test_the_json_has_the_same_figures(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "--json", str(log)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["caches"]["postfix"]["lookups"]["destination"] == {"hits": 8, "misses": 1}
    assert document["peers"] == {PEER: {"uses": {"1": 1, "2": 1}, "ends": 0}}
    assert [(warning["name"], warning["times"]) for warning in document["warnings"]] == [("cache-lost", 2)]
    assert sum(period["mails"] for period in document["periods"]) == document["mails"] == 2


def test_several_files_are_one_log(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "older").write_text(entry(sent("9A", 3)) + "\n")
    assert main(["log", str(tmp_path / "older"), str(log)]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("3 mails sent, 2 over")


def test_the_picture_is_a_file_of_its_own(log: Path, tmp_path: Path) -> None:
    assert main(["log", str(log), "--svg", str(tmp_path / "log.svg")]) == 0
    assert "most sessions cached at once" in (tmp_path / "log.svg").read_text()


def test_a_log_without_a_word_about_connections_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("Nov  3 11:10:00 mx dovecot: imap\n")
    assert main(["log", str(tmp_path / "log")]) == 2
    assert "no line of scache(8), smtp(8) or lmtp(8) about connections in it" in capsys.readouterr().err
