"""What scache counts, and the lines that it logs about it (scache_status_dump in the seed)."""

from __future__ import annotations

__all__ = ["Statistics"]


def _lookups(kind: str, hits: int, miss: int) -> str:
    success = hits * 100 // (hits + miss)
    return f"statistics: {kind} lookup hits={hits} miss={miss} success={success}%"


class Statistics:
    """Counters of one interval. Postfix says domain for destination and address for endpoint.

    `closed`, `spoke`: cached sessions that their remote sides have ended, and how.
    """

    __slots__ = (
        "_before",
        "_ended_before",
        "closed",
        "dest_count",
        "dest_hits",
        "dest_miss",
        "endp_count",
        "endp_hits",
        "endp_miss",
        "sess_count",
        "spoke",
    )

    def __init__(self) -> None:
        self._before = (0, 0, 0, 0)
        self._ended_before = (0, 0)
        self.closed = self.spoke = 0
        self.dest_hits = self.dest_miss = 0
        self.endp_hits = self.endp_miss = 0
        self.reset()

    def lookups(self) -> tuple[int, int, int, int]:
        """Of all intervals: hits and misses by destination, hits and misses by endpoint."""
        dest_hits, dest_miss, endp_hits, endp_miss = self._before
        return (
            dest_hits + self.dest_hits,
            dest_miss + self.dest_miss,
            endp_hits + self.endp_hits,
            endp_miss + self.endp_miss,
        )

    def ended(self) -> tuple[int, int]:
        """Of all intervals: sessions whose remote sides have closed them, or have said something."""
        closed, spoke = self._ended_before
        return closed + self.closed, spoke + self.spoke

    def reset(self) -> None:
        """Start a new interval."""
        self._before = self.lookups()
        self._ended_before = self.ended()
        self.closed = self.spoke = 0
        self.dest_hits = self.dest_miss = 0
        self.endp_hits = self.endp_miss = 0
        self.dest_count = self.endp_count = self.sess_count = 0

    def saved_endp(self, endpoints: int, sessions: int) -> None:
        """Look at the maxima after a save_endp."""
        if endpoints > self.endp_count:
            self.endp_count = endpoints
        if sessions > self.sess_count:
            self.sess_count = sessions

    def saved_dest(self, destinations: int, endpoints: int) -> None:
        """Look at the maxima after a save_dest."""
        if destinations > self.dest_count:
            self.dest_count = destinations
        if endpoints > self.endp_count:
            self.endp_count = endpoints

    def lines(self, start: str) -> list[str]:
        """The log texts of the interval that began at `start` (as `Nov  3 11:10:00`); may be none."""
        dest_lookups = self.dest_hits + self.dest_miss
        endp_lookups = self.endp_hits + self.endp_miss
        maxima = self.dest_count + self.endp_count + self.sess_count
        lines = []
        ended = self.closed + self.spoke
        if dest_lookups or endp_lookups or maxima or ended:
            lines.append(f"statistics: start interval {start}")
        if dest_lookups:
            lines.append(_lookups("domain", self.dest_hits, self.dest_miss))
        if endp_lookups:
            lines.append(_lookups("address", self.endp_hits, self.endp_miss))
        if maxima:
            lines.append(
                f"statistics: max simultaneous domains={self.dest_count} "
                f"addresses={self.endp_count} connection={self.sess_count}"
            )
        if ended:  # in Postfix nobody looks
            lines.append(f"statistics: sessions ended by peer closed={self.closed} spoke={self.spoke}")
        return lines
