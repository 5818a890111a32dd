"""Where a mail log comes from: a file, plain or compressed, the journal, or standard input."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from scache.errors import UnavailableError, UsageError
from scache.maillog.line import Line, LineReader

__all__ = ["STANDARD_INPUT", "read", "read_journal"]

STANDARD_INPUT = Path("-")

_GZIP = b"\x1f\x8b"
_JOURNAL = b"__CURSOR="
_JOURNAL_JSON = b'"__REALTIME_TIMESTAMP"'

#: The last entries of the mail facility, with no more of each than is looked at.
_JOURNALCTL = (
    "journalctl",
    "--quiet",
    "--output=export",
    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,SYSLOG_PID,_PID",
    "--lines=100000",
    "SYSLOG_FACILITY=2",
)

#: Bytes of a line or of a field of the journal that are looked at; the rest is passed over.
_LONGEST = 1 << 16


def read(path: Path) -> Iterator[Line]:
    """The lines of a log that concern connection caching, in their order. `-` is standard input.

    Raises OSError, and UsageError for a compressed file that is damaged.
    """
    if path == STANDARD_INPUT:
        yield from _lines(cast("io.BufferedReader", sys.stdin.buffer), datetime.now())
        return
    with path.open("rb") as file:
        try:
            yield from _lines(file, _modified(path))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(f"{path}: {error}") from None


def read_journal(name: str) -> Iterator[Line]:
    """The lines of the machine's journal that concern connection caching, of the Postfix of this syslog_name.

    Raises UnavailableError where there is no journal, or none that this user can read.
    """
    try:
        journal = subprocess.Popen(_JOURNALCTL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise UnavailableError("there is no journalctl(1) here") from None
    with journal:
        assert isinstance(journal.stdout, io.BufferedReader)
        assert journal.stderr is not None
        if not journal.stdout.peek(1):
            said = journal.stderr.read().decode(errors="replace").partition("\n")[0]
            raise UnavailableError(said or "the journal has no mail log that this user can read")
        for line in _lines(journal.stdout, datetime.now()):
            if line.name == name or line.name.startswith(f"{name}/"):
                yield line


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime)


def _lines(file: io.BufferedReader, latest: datetime) -> Iterator[Line]:
    begin = file.peek(4096)
    if begin.startswith(_GZIP):
        with gzip.open(file) as inside:
            yield from _lines(io.BufferedReader(cast("io.RawIOBase", inside)), latest)
    elif begin.startswith(_JOURNAL):
        yield from filter(None, map(_of_journal, _exported(file)))
    elif begin.startswith(b"{") and _JOURNAL_JSON in begin:
        yield from filter(None, map(_of_journal, _documents(file)))
    else:
        reader = LineReader(latest)
        for line in _short_lines(file):
            if (found := reader.line(line)) is not None:
                yield found


def _short_lines(file: io.BufferedReader) -> Iterator[str]:
    while data := file.readline(_LONGEST):
        yield data.decode("utf-8", "surrogateescape").rstrip("\r\n")


def _documents(file: io.BufferedReader) -> Iterator[dict[str, Any]]:
    """`journalctl -o json`: an object a line."""
    for line in _short_lines(file):
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def _exported(file: io.BufferedReader) -> Iterator[dict[str, str]]:
    """`journalctl -o export`: fields in lines, an empty line after each entry. A field that isn't plain text
    is its name in a line, the number of its bytes in eight, little-endian, then these.
    """
    entry: dict[str, str] = {}
    while data := file.readline(_LONGEST):
        name, equals, value = data.rstrip(b"\n").partition(b"=")
        if not name:
            yield entry
            entry = {}
            continue
        if not equals:
            size = int.from_bytes(file.read(8), "little")
            value = file.read(min(size, _LONGEST))
            left = size - len(value) + 1  # and the line's end
            while left > 0 and (passed := file.read(min(left, _LONGEST))):
                left -= len(passed)
        entry[name.decode("ascii", "replace")] = value.decode("utf-8", "surrogateescape")
    if entry:
        yield entry


def _of_journal(entry: dict[str, Any]) -> Line | None:
    """One entry of the journal as a line."""
    message, name = entry.get("MESSAGE"), str(entry.get("SYSLOG_IDENTIFIER", ""))
    if isinstance(message, list):  # bytes that aren't text
        message = bytes(message).decode("utf-8", "surrogateescape")
    pid, at = str(entry.get("SYSLOG_PID") or entry.get("_PID") or 0), entry.get("__REALTIME_TIMESTAMP")
    if not isinstance(message, str) or not pid.isdecimal():
        return None
    reader = LineReader(datetime.max.replace(year=9998))
    line = reader.line(f"{name}[{pid}]: {message}") or reader.line(message)
    if line is None or not str(at).isdecimal():
        return line
    moment = datetime.fromtimestamp(int(str(at)) // 1_000_000)
    return Line(moment, line.name, line.process, line.pid, line.text)
