"""Where peers end sessions, and which settings follow: from traces and from mail logs."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from scache.cli import main
from scache.maillog.line import LineReader
from scache.maillog.summary import Peer as LoggedPeer
from scache.maillog.summary import Summary
from scache.trace.exchanges.exchange import Exchanges
from scache.trace.figures.endings import Endings, Peer
from scache.trace.format.events import Event
from tests.support.trace_dialogues import START, find_dest, find_endp, opens, save_endp, write

TRACES = Path(__file__).parents[2] / "conformance" / "traces"

PEER = "smtp\n192.0.2.1\n25\n0\n"
SHORT = "smtp/192.0.2.1/25/0"


def peer_of(*groups: list[Event]) -> Peer:
    """What is found out about the one peer of these events."""
    exchanges, endings = Exchanges(), Endings(START)
    last = 0.0
    for event in sorted((event for group in groups for event in group), key=lambda event: event.at):
        last = event.at
        for exchange in exchanges.feed(event):
            endings.exchange(exchange)
    endings.finish(last)
    return endings.peers[SHORT]


def session(
    number: int, mails: int, rest: float = 1.0, prop: str = "P", *, ended: bool = True
) -> list[Event]:
    """A session of a connection of its own that serves so many mails, and has ended in the next use."""
    at = number * 1000.0
    events = opens(at, number) + save_endp(at, number, PEER, f"S{number}", prop, ttl="100")
    for served in range(1, mails + ended):
        at += rest
        events += find_endp(at, number, PEER, f"S{number}", prop)
        if served < mails:
            events += save_endp(at, number, PEER, f"S{number}", prop, ttl="100")
    return events + find_dest(at + 1, number, "another", None)


def test_a_peer_that_hangs_up_after_so_many_mails_is_known_by_it() -> None:
    peer = peer_of(session(1, 3), session(2, 3), session(3, 2, ended=False))
    assert (peer.mails, peer.idle, peer.ended) == (3, None, {3: 2})


@pytest.mark.parametrize(
    "sessions",
    [
        [session(1, 3)],
        [session(1, 3), session(2, 1)],
        [session(1, 3), session(2, 3), session(3, 1)],
        [session(1, 3), session(2, 3), session(3, 5, ended=False)],
        [session(1, 3, prop=f"expire_time={int(START) + 1001}\n\n"), session(2, 3, prop="expire_time=0\n\n")],
    ],
    ids=["one alone", "each another number", "too many others", "one served more", "their time was over"],
)
def test_where_sessions_end_for_another_reason_no_number_of_mails_is_told(
    sessions: list[list[Event]],
) -> None:
    assert peer_of(*sessions).mails is None


def test_a_peer_that_hangs_up_after_a_rest_is_known_by_it() -> None:
    peer = peer_of(
        session(1, 3, 4.2, ended=False), session(2, 1, 9.5), session(3, 2, 11.0), session(4, 1, 9.5)
    )
    assert (peer.mails, peer.idle) == (None, None)
    peer = peer_of(session(1, 3, 4.2, ended=False), session(2, 1, 9.5), session(3, 1, 11.0))
    assert peer.longest == 3
    assert (peer.mails, peer.idle) == (None, (4, 10))


def test_a_client_that_opens_a_session_of_its_own_has_found_a_dead_one() -> None:
    events = [
        opens(0, 1),
        save_endp(0, 1, PEER, "A"),
        find_endp(1, 1, PEER, "A"),
        save_endp(1, 1, PEER, "B"),
    ]
    assert peer_of(*events).ended == {1: 1}


def test_the_most_sessions_that_were_open_at_once_are_those_in_cache_and_in_use() -> None:
    events = [
        opens(0, 1),
        opens(0, 2),
        save_endp(0, 1, PEER, "A"),
        find_endp(1, 1, PEER, "A"),
        save_endp(1.5, 2, PEER, "B"),
        save_endp(9, 2, PEER, "C"),
    ]
    assert peer_of(*events).most == 2


DELIVERY = (
    "Nov  3 11:10:00 mx postfix/smtp[7]: {}: to=<x@y>, relay={}, {}delay=0.1, dsn=2.0.0, status=sent (250)\n"
)
LOST = "Nov  3 11:10:00 mx postfix/smtp[7]: 4A1: lost connection with {} while sending MAIL FROM\n"
BUSY = "Nov  3 11:10:00 mx postfix-out/smtp[7]: 4A1: host {} said: 421 4.7.0 enough (in reply to MAIL FROM)\n"
DEFERRED = (
    "Nov  3 11:10:00 mx postfix/smtp[{0}]: 4A1: to=<x@y>, relay={1}:25, conn_use=3, delay=0.1, dsn=4.4.2, "
    "status=deferred (lost connection with {1} while sending MAIL FROM)\n"
)
ONE = "mx.example[192.0.2.1]"


def log(uses: list[int], *ends: str, relay: str = ONE) -> list[str]:
    lines = [
        DELIVERY.format(f"4A{number}", f"{relay}:25", f"conn_use={use}, " if use > 1 else "")
        for number, use in enumerate(uses)
    ]
    return [*lines, *(line.format(relay) for line in ends)]


def logged(lines: list[str]) -> Mapping[str, LoggedPeer]:
    """The peers of these lines."""
    reader, summary = LineReader(datetime(2026, 11, 4)), Summary()
    summary.add(filter(None, map(reader.line, lines)))
    return summary.peers


@pytest.mark.parametrize(
    ("lines", "mails"),
    [
        (log([1, 2, 3, 1, 2, 3], LOST, BUSY), 3),
        (log([1, 2, 3, 1, 2], LOST, LOST), None),
        (log([1, 2, 3, 1, 2, 3], LOST), None),
        (log([1, 1], BUSY, BUSY), 1),
        ([*log([1, 2, 1, 2]), *(DEFERRED.format(number, ONE) for number in (7, 8))], 2),
    ],
    ids=["ends after 3", "reached 3 once", "lost once", "never a second", "the mail is deferred"],
)
def test_a_log_says_after_how_many_mails_a_peer_ends_sessions(lines: list[str], mails: int | None) -> None:
    assert logged(lines)[ONE].limit == mails


def test_an_ipv6_peer_and_another_syslog_name_are_read_as_well() -> None:
    line = DELIVERY.format("4A1", "mx.example[2001:db8::1]:25", "conn_use=2, ").replace("postfix/", "out/")
    assert logged([line, "rubbish\n"])["mx.example[2001:db8::1]"].uses == {2: 1}


def tuned(capsys: pytest.CaptureFixture[str], option: str, path: Path) -> list[str]:
    assert main(["tune", option, str(path)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_trace_of_sinks_that_close_after_five_mails_gives_the_limit_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = tuned(capsys, "--trace", TRACES / "closing-sinks.jsonl.gz")
    assert lines[0] == "reuse now: 81.4% of 118 deliveries, 22 connections opened, 4 idle at once at most"
    assert lines[1].endswith("2 sessions open at once; hangs up after 5 mails (9 sessions)")
    assert "  smtp_connection_reuse_count_limit = 4" in lines


def test_a_trace_with_pauses_gives_the_shortest_time_that_brings_most_and_what_it_costs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = tuned(capsys, "--trace", TRACES / "idle-then-busy.jsonl.gz")
    assert lines[-3:] == [
        "  smtp_connection_cache_time_limit = 30s",
        "  connection_cache_ttl_limit = 30s",
        "    reuse then: 98.5% of 750 deliveries, 11 connections opened, 11 idle at once at most",
    ]


def test_a_peer_that_is_impatient_limits_the_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sessions = [session(1, 3, 4.2, ended=False), session(2, 1, 9.5), session(3, 1, 11.0)]
    lines = tuned(capsys, "--trace", write(tmp_path / "t", *sessions))
    assert f"  {SHORT}: 1 sessions open at once; hangs up after 4 to 10 s idle (2 sessions)" in lines
    assert "  connection_cache_ttl_limit = 4s" in lines


def test_a_log_gives_the_limit_and_what_reuse_could_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("".join(log([1, 2, 1, 2, 1, 1], LOST, LOST)))
    lines = tuned(capsys, "--log", tmp_path / "log")
    assert lines[:3] == [
        "reuse now: 33.3% of 6 deliveries, 4 connections opened",
        "reuse at best: 50.0% of 6 deliveries, 3 connections opened",
        f"  {ONE}: ends sessions after 2 mails (2 ends)",
    ]
    assert "  smtp_connection_reuse_count_limit = 1" in lines


def test_a_peer_that_takes_one_mail_a_session_is_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text("".join(log([1, 1], BUSY, BUSY)))
    assert tuned(capsys, "--log", tmp_path / "log")[-1] == (
        f"  leave out of smtp_connection_cache_destinations: {ONE} (no session serves a second mail)"
    )


def test_what_lmtp_has_delivered_gives_settings_of_lmtp(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "".join(log([1, 2, 1, 2, 1, 1], LOST, LOST))
    (tmp_path / "log").write_text(text.replace("postfix/smtp", "postfix/lmtp"))
    assert "  lmtp_connection_reuse_count_limit = 1" in tuned(capsys, "--log", tmp_path / "log")
    with gzip.open(TRACES / "idle-then-busy.jsonl.gz", "rt") as file:
        (tmp_path / "t").write_text(file.read().replace('"smtp\\n', '"lmtp\\n'))
    lines = tuned(capsys, "--trace", tmp_path / "t")
    assert lines[-3] == "  lmtp_connection_cache_time_limit = 30s"


@pytest.mark.parametrize("option", ["--trace", "--log"])
def test_what_holds_no_delivery_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    path = write(tmp_path / "t", opens(0, 1))
    assert main(["tune", option, str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"scache tune: {path}: no")
