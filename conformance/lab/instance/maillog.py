"""Postfix's mail log, read line by line: deliveries, reuse of connections, statistics, warnings."""

from __future__ import annotations

import os
import re
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Line", "LogTally", "MailLog", "parse_line"]

LINE = re.compile(
    r"^\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ (?P<tag>\S+)/(?P<process>[^/\s\[]+)\[(?P<pid>\d+)\]: (?P<text>.*)$"
)
DELIVERY = re.compile(r" relay=(?P<relay>[^,]+),(?: conn_use=(?P<use>\d+),)? .* status=(?P<status>\w+) ")
LOOKUP = re.compile(r"statistics: (?P<kind>domain|address) lookup hits=(?P<hits>\d+) miss=(?P<miss>\d+) ")
MAXIMA = re.compile(
    r"statistics: max simultaneous domains=(?P<domains>\d+) addresses=(?P<addresses>\d+) "
    r"connection=(?P<connection>\d+)"
)
LONGEST_LINE = 65536
SERIOUS = ("warning: ", "error: ", "fatal: ", "panic: ")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a mail log: who wrote it, and the text behind the tag."""

    process: str
    pid: int
    text: str


def parse_line(line: str) -> Line | None:
    """Read one line as postlogd(8) writes it; None where it is not a line of Postfix."""
    match = LINE.match(line)
    if match is None:
        return None
    return Line(match["process"], int(match["pid"]), match["text"])


@dataclass(slots=True)
class LogTally:
    """What a mail log adds up to; every line is looked at once."""

    started: bool = False
    statuses: Counter[str] = field(default_factory=Counter)
    """Delivery attempts by result: sent, deferred, bounced."""
    removed: int = 0
    """Mails that have left the queue."""
    skipped: int = 0
    """Mails that qmgr(8) found locked by a delivery from before a reload."""
    uses: Counter[int] = field(default_factory=Counter)
    """Mails sent, by how often their connection had been used then (conn_use; absent is 1)."""
    lookups: Counter[str] = field(default_factory=Counter)
    """Sums of scache's statistics lines: `domain hits`, `domain miss`, `address hits`, `address miss`."""
    maxima: Counter[str] = field(default_factory=Counter)
    """The largest of each maximum in scache's statistics lines: domains, addresses, connection."""
    statistics: list[str] = field(default_factory=list)
    serious: list[Line] = field(default_factory=list)
    """Warnings, errors, fatal ends and panics of any process."""
    reloads: int = 0
    clients: int = 0
    """Connections that smtpd(8) has accepted."""
    lost: int = 0
    """Those of them that ended without QUIT: after RSET smtpd(8) doesn't say `lost connection`."""
    markers: set[str] = field(default_factory=set)

    def merge(self, other: LogTally) -> None:
        """Add another instance's log to this one."""
        self.statuses.update(other.statuses)
        self.uses.update(other.uses)
        self.lookups.update(other.lookups)
        self.maxima |= other.maxima
        self.removed += other.removed
        self.skipped += other.skipped
        self.reloads += other.reloads
        self.clients += other.clients
        self.lost += other.lost
        self.statistics += other.statistics
        self.serious += other.serious

    def add(self, raw: str) -> None:
        """Count one line."""
        line = parse_line(raw)
        if line is None:
            return
        if line.process == "master" and line.text.startswith("daemon started"):
            self.started = True
        elif line.process == "master" and line.text.startswith("reload "):
            self.reloads += 1
        elif line.process == "qmgr" and line.text.endswith(": removed"):
            self.removed += 1
        elif line.process == "qmgr" and line.text.endswith(": skipped, still being delivered"):
            self.skipped += 1
        elif line.process == "smtpd" and line.text.startswith("connect from "):
            self.clients += 1
        elif line.process == "smtpd" and line.text.startswith("disconnect from "):
            self.lost += " quit=1" not in line.text
        elif line.process == "lab":
            self.markers.add(line.text)
        elif line.text.startswith("statistics: "):
            self.add_statistics(line)
        elif line.text.startswith(SERIOUS):
            self.serious.append(line)
        else:
            self.add_delivery(line)

    def add_delivery(self, line: Line) -> None:
        match = DELIVERY.search(line.text)
        if match is None or line.process not in ("smtp", "lmtp"):
            return
        self.statuses[match["status"]] += 1
        if match["status"] == "sent":
            self.uses[int(match["use"] or 1)] += 1

    def add_statistics(self, line: Line) -> None:
        if line.process != "scache":
            return
        self.statistics.append(line.text)
        if lookup := LOOKUP.match(line.text):
            self.lookups[f"{lookup['kind']} hits"] += int(lookup["hits"])
            self.lookups[f"{lookup['kind']} miss"] += int(lookup["miss"])
        elif maxima := MAXIMA.match(line.text):
            for name, value in maxima.groupdict().items():
                self.maxima[name] = max(self.maxima[name], int(value))


class MailLog:
    """The log of a running instance, read as it is written, so that one can wait for a line.

    It comes through a datagram socket that stands in postlogd(8)'s place: postlogd itself ends at every
    reload, and master(8), which logs too, may then wait for ever for one that it would have to start itself.
    The log ends with the process `until` (a pidfd). Socket and pidfd are closed then.
    """

    def __init__(self, source: socket.socket, until: int) -> None:
        self.tally = LogTally()
        self.lines: list[str] = []
        self.ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, args=(source, until), name="mail log", daemon=True)
        self._reader.start()

    def _read(self, source: socket.socket, until: int) -> None:
        with source, os.fdopen(until):
            while source.fileno() in select.select([source.fileno(), until], [], [])[0]:
                line = source.recv(LONGEST_LINE).decode(errors="replace").rstrip("\n")
                with self._changed:
                    self.lines.append(line)
                    self.tally.add(line)
                    self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[LogTally], bool], seconds: float) -> bool:
        """Wait until the log so far fulfils the condition; False when it has ended, or the time is up."""
        with self._changed:
            self._changed.wait_for(lambda: condition(self.tally) or self.ended, timeout=seconds)
            return condition(self.tally)

    def wait_for_end(self, seconds: float) -> bool:
        """Let the log go on to its end, or for so many seconds; whether it has ended."""
        self._reader.join(seconds)
        return not self._reader.is_alive()
