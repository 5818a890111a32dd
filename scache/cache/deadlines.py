"""The queue of due seconds: what is due when, at a cost that does not grow with its size.

Postfix keeps its timers in one sorted linked list (events.c), so that every request walks it. Here the
entries of one second share a bucket, and only the seconds are kept in a heap.
"""

from __future__ import annotations

from heapq import heappop, heappush

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["Deadlines"]


class Deadlines:
    """Entries by the second in which they fall due.

    An entry is anything hashable with an attribute `due` (whole seconds since the epoch), which must not
    change while the entry is queued. Order of falling due, as in Postfix: by second, then by registration.
    `overdue`: entries that are due at this second or before are to be taken for gone, though some are queued
    still; -1 where none is.
    """

    __slots__ = ("_buckets", "_opened", "_seconds", "_waiting", "overdue")

    def __init__(self) -> None:
        self._buckets: dict[int, dict[Any, None]] = {}
        self._seconds: list[int] = []  # heap of the keys of _buckets, which may be empty ones
        self._opened = -1  # the second whose entries are being taken out
        self._waiting: list[Any] = []  # those that are still to be, the last first, cancelled ones too
        self.overdue: float = -1.0

    def add(self, entry: Any) -> None:
        """Queue an entry that is not queued. O(1), or O(log seconds) for the first of its second."""
        bucket = self._buckets.get(entry.due)
        if bucket is None:
            self._buckets[entry.due] = {entry: None}
            heappush(self._seconds, entry.due)
        else:
            bucket[entry] = None

    def __contains__(self, entry: Any) -> bool:
        """Whether it is queued. O(1)."""
        return entry in self._buckets.get(entry.due, ())

    def cancel(self, entry: Any) -> None:
        """Take a queued entry out. O(1). An emptied second stays in the heap until it passes."""
        del self._buckets[entry.due][entry]

    def move(self, entry: Any, due: int) -> None:
        """Give a queued entry another due second; it counts as registered anew. O(1) as `add`."""
        del self._buckets[entry.due][entry]
        entry.due = due
        self.add(entry)

    def take_due(self, now: float, most: float = float("inf")) -> Iterator[Any]:
        """Remove and yield, in order, the entries whose due second has come (due <= now), so many at most."""
        if now < self.overdue:  # the clock was set back, but what was due is gone
            now, most = self.overdue, float("inf")
        self.overdue = now
        while self._seconds and self._seconds[0] <= now:
            bucket = self._buckets[self._seconds[0]]
            if self._opened != self._seconds[0]:
                self._opened = self._seconds[0]
                # Not from the dict itself: looking for its first one passes all that were taken out before.
                self._waiting = list(reversed(bucket))
            while self._waiting:
                if most <= 0:
                    return
                entry = self._waiting.pop()
                if entry in bucket:
                    most -= 1
                    del bucket[entry]
                    yield entry
            del self._buckets[heappop(self._seconds)]
            self._opened = -1
        self.overdue = -1.0

    def next_due(self) -> int | None:
        """The earliest second that may hold an entry, 0 where one is overdue; None where nothing is queued.

        May name a second whose entries were all cancelled: then a caller wakes once for nothing.
        """
        if self.overdue >= 0:
            return 0
        return self._seconds[0] if self._seconds else None
