"""One line of a mail log, in whatever form a logger wrote it, taken apart.

Every form ends alike: who wrote the line (`postfix/smtp[7]:`), then its text. Before it stand a moment, a
host, or what a container puts in front; only the moment is looked for there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

__all__ = ["Line", "LineReader"]

_TAG = re.compile(
    r"(?:^|\s)(?:(?P<name>[^\s\[\]:]+)/)?(?P<process>smtp|lmtp|scache|master|scache-python)"
    r"(?:\[(?P<pid>\d+)\]:| (?P<procid>\d+) \S+ (?:-|\[.*?\])(?: \ufeff)?)\s(?P<text>.*)"
)
#: A line of `scache serve`'s standard error, which has no tag.
_BARE = re.compile(r"(?:^|\s)(?P<text>statistics: .*)")

_CLOCK = r"\d\d:\d\d:\d\d"
_MOMENT = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)[T ](?P<clock>{_CLOCK})"
    r"|(?:(?P<before>\d{4}) )?(?P<name>[A-Z][a-z]{2}) +(?P<date>\d\d?) (?:(?P<behind>\d{4}) )?"
    rf"(?P<time>{_CLOCK})"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Line:
    """at: the moment as the log has it, on its own clock; None where there is none. name: syslog_name, such
    as `postfix-out`; empty for a daemon of its own. process: `smtp`, `lmtp`, `scache` or `master`.
    """

    at: datetime | None
    name: str
    process: str
    pid: int
    text: str


class LineReader:
    """Takes lines apart.

    latest: when the log ended, such as the time of its file. A moment without a year is the last such one
    before it.
    """

    def __init__(self, latest: datetime) -> None:
        self._latest = latest + timedelta(days=1)  # a clock of another time zone
        self._moment: Callable[[str], datetime | None] = lru_cache(4096)(self._read_moment)

    def line(self, text: str) -> Line | None:
        """The line, None where neither a client of a cache nor a cache nor master(8) wrote it."""
        if text.startswith("{"):
            text = _of_container(text)
        found = _TAG.search(text) or _BARE.search(text)
        if found is None:
            return None
        parts = found.groupdict()
        pid = int(parts.get("pid") or parts.get("procid") or 0)
        process = (parts.get("process") or "scache").removesuffix("-python")
        return Line(self.moment(text[: found.start()]), parts.get("name") or "", process, pid, parts["text"])

    def moment(self, text: str) -> datetime | None:
        """The last moment in the text: before it may stand the one at which a container's log got it."""
        last = None
        for found in _MOMENT.finditer(text):
            last = found
        return None if last is None else self._moment(last[0])

    def _read_moment(self, text: str) -> datetime | None:
        found = _MOMENT.fullmatch(text)
        assert found is not None, "it is such a match"
        if found["year"]:
            return _datetime(found["year"], int(found["month"]), found["day"], found["clock"])
        if found["name"] not in _MONTHS:
            return None
        month, day, clock = _MONTHS.index(found["name"]) + 1, found["date"], found["time"]
        if year := found["before"] or found["behind"]:
            return _datetime(year, month, day, clock)
        for years_ago in range(5):  # 29 February
            at = _datetime(str(self._latest.year - years_ago), month, day, clock)
            if at is not None and at <= self._latest:
                return at
        return None


def _datetime(year: str, month: int, day: str, clock: str) -> datetime | None:
    try:
        return datetime(int(year), month, int(day), *map(int, clock.split(":")))  # type: ignore[arg-type]
    except ValueError:
        return None


def _of_container(text: str) -> str:
    """The line inside one of Docker's own log files; the text itself where it isn't one."""
    try:
        inside = json.loads(text).get("log")
    except (ValueError, AttributeError):
        return text
    return inside.rstrip("\n") if isinstance(inside, str) else text
