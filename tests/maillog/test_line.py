"""Lines of mail logs as loggers, containers and the journal write them."""

from __future__ import annotations

import gzip
import io
import json
import sys
from datetime import datetime
from pathlib import Path

import pytest

from scache.errors import UsageError
from scache.maillog.line import Line, LineReader
from scache.maillog.source import STANDARD_INPUT, read

TEXT = "statistics: domain lookup hits=3 miss=1 success=75%"
AT = datetime(2026, 11, 3, 11, 10)
READER = LineReader(datetime(2026, 11, 4))

SHAPES = {
    "syslog": "Nov  3 11:10:00 mx postfix/scache[7]: ",
    "syslog with the year behind": "Nov  3 2026 11:10:00 mx postfix/scache[7]: ",
    "syslog with the year before": "2026 Nov  3 11:10:00 mx postfix/scache[7]: ",
    "ISO": "2026-11-03T11:10:00.123456+01:00 mx postfix/scache[7]: ",
    "ISO with a blank": "2026-11-03 11:10:00 mx postfix/scache[7]: ",
    "RFC 5424": "<22>1 2026-11-03T11:10:00Z mx postfix/scache 7 - - ",
    "RFC 5424 with data": '<22>1 2026-11-03T11:10:00Z mx postfix/scache 7 ID [a@1 b="c"] ',
    "docker compose": "mail-1  | Nov  3 11:10:00 mx postfix/scache[7]: ",
    "docker logs -t": "2026-11-03T10:10:00.5Z Nov  3 11:10:00 mx postfix/scache[7]: ",
    "kubernetes": "2026-11-03T10:10:00.5Z stdout F 2026-11-03T11:10:00+01:00 mx postfix/scache[7]: ",
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_each_shape_gives_the_same_line(shape: str) -> None:
    assert READER.line(shape + TEXT) == Line(AT, "postfix", "scache", 7, TEXT)


@pytest.mark.parametrize("name", ["postfix-out", "postfix/submission", "mx1", "a.b_c"])
def test_each_instance_and_service_has_its_name(name: str) -> None:
    line = READER.line(f"Nov  3 11:10:00 mx {name}/scache[12]: {TEXT}")
    assert line == Line(AT, name, "scache", 12, TEXT)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"Nov  3 11:10:00 mx scache[9]: {TEXT}", Line(AT, "", "scache", 9, TEXT)),
        (TEXT, Line(None, "", "scache", 0, TEXT)),
        (f"cache-1  | {TEXT}", Line(None, "", "scache", 0, TEXT)),
        (f"Nov  3 11:10:00 mx postfix/scache-python[9]: {TEXT}", Line(AT, "postfix", "scache", 9, TEXT)),
    ],
    ids=["journal", "standard error", "in a container", "the installed program's own name"],
)
def test_a_daemon_of_its_own_is_known_without_an_instance(text: str, line: Line) -> None:
    assert READER.line(text) == line


def test_the_line_in_dockers_own_file_is_taken_out_of_it() -> None:
    document = {"log": f"Nov  3 11:10:00 mx postfix/scache[7]: {TEXT}\n", "time": "2026-11-03T10:10:00Z"}
    assert READER.line(json.dumps(document)) == Line(AT, "postfix", "scache", 7, TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "Nov  3 11:10:00 mx postfix/qmgr[7]: 4A1: removed",
        "Nov  3 11:10:00 mx dovecot: x",
        "rubbish",
        "",
        "{",
        '{"log": 3}',
        "[]",
    ],
)
def test_what_concerns_no_cache_is_no_line(text: str) -> None:
    assert READER.line(text) is None


def test_who_wrote_a_line_isnt_looked_for_in_its_text() -> None:
    line = READER.line(
        "Nov  3 11:10:00 mx postfix/master[1]: warning: process x/scache pid 3 killed: y/smtp[2]: z"
    )
    assert line is not None
    assert (line.process, line.pid) == ("master", 1)


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("Nov  3 11:10:00", 2026),
        ("Nov  4 12:00:00", 2026),
        ("Nov  6 00:00:00", 2025),
        ("Feb 29 01:00:00", 2024),
    ],
)
def test_a_moment_without_a_year_is_the_last_such_one(moment: str, year: int) -> None:
    at = READER.moment(moment)
    assert at is not None
    assert at.year == year


@pytest.mark.parametrize(
    "moment", ["Foo  3 11:10:00", "Nov 31 11:10:00", "2026-13-01T00:00:00", "Nov  3 25:00:00"]
)
def test_what_is_no_moment_is_none(moment: str) -> None:
    assert READER.moment(moment) is None


SYSLOG = f"Jan  1 00:00:00 mx postfix/smtpd[1]: x\nNov  3 11:10:00 mx postfix/scache[7]: {TEXT}\n".encode()
JOURNAL = {
    "__CURSOR": "s=1",
    "__REALTIME_TIMESTAMP": str(int(AT.timestamp()) * 1_000_000),
    "SYSLOG_IDENTIFIER": "postfix/scache",
    "SYSLOG_PID": "7",
    "MESSAGE": TEXT,
}
EXPORT = b"".join(f"{name}={value}\n".encode() for name, value in JOURNAL.items())
BINARY = EXPORT.replace(
    b"MESSAGE=" + TEXT.encode(), b"MESSAGE\n" + len(TEXT).to_bytes(8, "little") + TEXT.encode()
)
OTHER = b"__CURSOR=s=0\nMESSAGE\n" + (200_000).to_bytes(8, "little") + b"\n" * 200_000 + b"\n_PID=1\n\n"

FILES = {
    "plain": SYSLOG,
    "gzip": gzip.compress(SYSLOG),
    "gzip of an export": gzip.compress(EXPORT),
    "journald's export": EXPORT,
    "with a field that isn't text": BINARY,
    "behind an entry with a large one": OTHER + EXPORT,
    "journald's JSON": json.dumps(JOURNAL).encode() + b"\nrubbish\n[]\n",
    "JSON with bytes": json.dumps({**JOURNAL, "MESSAGE": list(TEXT.encode())}).encode(),
}


@pytest.fixture
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of files, for those that have no year in them."""
    monkeypatch.setattr("scache.maillog.source._modified", lambda _path: datetime(2026, 11, 4))


@pytest.mark.usefixtures("november")
@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_each_kind_of_file_gives_the_same_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(content)
    assert list(read(tmp_path / "log")) == [Line(AT, "postfix", "scache", 7, TEXT)]


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_standard_input_may_hold_any_of_them(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    assert [line.text for line in read(STANDARD_INPUT)] == [TEXT]


@pytest.mark.parametrize(
    "content",
    [gzip.compress(SYSLOG)[:-9], b"\x1f\x8bnone", gzip.compress(SYSLOG)[:12] + b"x" * 99],
    ids=["cut off", "no gzip", "damaged"],
)
def test_a_compressed_file_that_is_damaged_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(UsageError, match=r"/log: "):
        list(read(tmp_path / "log"))
