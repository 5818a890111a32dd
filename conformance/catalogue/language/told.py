"""A dialogue that is told together with the model: each request is written down with the model's answer."""

from __future__ import annotations

from collections.abc import Callable

from conformance.reference.cache import ReferenceCache
from conformance.reference.service import Counters

__all__ = ["Told"]


class Told:
    """Lines of a dialogue of one interval, and the cache that they make, as far as the model knows.

    ttl_limit: seconds. `lines`: the dialogue so far. Labels and properties are words of the language.
    """

    def __init__(self, ttl_limit: int) -> None:
        self.lines: list[str] = []
        self.counters = Counters()
        self._cache: ReferenceCache[str] = ReferenceCache(ttl_limit)
        self._now = 0

    def save_endp(self, label: str, prop: str, token: str, ttl: int) -> None:
        """A session is saved."""
        self.lines.append(f"save_endp {label} {prop} {token} ttl={ttl}")
        self._cache.save_endp(self._now, ttl, label.encode(), prop.encode(), token)
        _, endpoints, sessions = self._cache.sizes()
        self.counters.endp_count = max(self.counters.endp_count, endpoints)
        self.counters.sess_count = max(self.counters.sess_count, sessions)

    def save_dest(self, label: str, prop: str, endpoint: str, ttl: int) -> None:
        """A binding is saved, or refreshed."""
        self.lines.append(f"save_dest {label} {prop} {endpoint} ttl={ttl}")
        self._cache.save_dest(self._now, ttl, label.encode(), prop.encode(), endpoint.encode())
        destinations, endpoints, _ = self._cache.sizes()
        self.counters.dest_count = max(self.counters.dest_count, destinations)
        self.counters.endp_count = max(self.counters.endp_count, endpoints)

    def find_endp(self, label: str) -> bool:
        """A session is looked for by its endpoint; whether there is one."""
        session = self._cache.find_endp(label.encode())
        if session is None:
            self.counters.endp_miss += 1
            self.lines.append(f"find_endp {label} = miss")
            return False
        self.counters.endp_hits += 1
        self.lines.append(f"find_endp {label} = {session.endp_prop.decode()} {session.handle}")
        return True

    def find_dest(self, label: str) -> bool:
        """A session is looked for by destination; whether there is one."""
        found = self._cache.find_dest(label.encode())
        if found is None:
            self.counters.dest_miss += 1
            self.lines.append(f"find_dest {label} = miss")
            return False
        self.counters.dest_hits += 1
        prop, session = found
        self.lines.append(
            f"find_dest {label} = {prop.decode()} {session.endp_prop.decode()} {session.handle}"
        )
        return True

    def lose(self, label: str, find: Callable[[Told, str], bool]) -> None:
        """A session is found, and its client doesn't take it: the lines that say so are the caller's."""
        find(self, label)
        self.lines.pop()

    def raw(self, text: str) -> None:
        """Lines that leave the cache as it is."""
        self.lines += [line.strip() for line in text.strip().splitlines()]

    def advance(self, seconds: int) -> None:
        """The clock moves."""
        self.lines.append(f"advance {seconds}")
        self._now += seconds
        self._cache.expire(self._now)

    def statistics(self) -> list[str]:
        """What is logged of this interval, behind the line that says when it began."""
        counters = self.counters
        lines = []
        for kind, hits, misses in (
            ("domain", counters.dest_hits, counters.dest_miss),
            ("address", counters.endp_hits, counters.endp_miss),
        ):
            if hits or misses:
                success = hits * 100 // (hits + misses)
                lines.append(f"log statistics: {kind} lookup hits={hits} miss={misses} success={success}%")
        maxima = f"{counters.dest_count} addresses={counters.endp_count} connection={counters.sess_count}"
        return [*lines, f"log statistics: max simultaneous domains={maxima}"]
