"""Where every descriptor is that came into the daemon: nothing may leak, nothing be closed or handed out
twice.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from conformance.simulation.checks.violation import Violation
from scache.simulated import OpenFile

__all__ = ["Ledger", "Place"]


class Place(Enum):
    """A descriptor's place, in the order in which it may pass through them.

    From each it may be closed; from the cache only when it is due.
    """

    RECEIVED = "received"
    CACHED = "in the cache"
    TAKEN = "taken out of the cache"
    HANDED_OUT = "handed out"
    LEAVING = "told good-bye"


class Ledger:
    """The daemon's descriptors by number. `may_close`: whether a cached session may be closed now."""

    def __init__(self, may_close: Callable[[OpenFile], bool]) -> None:
        self._may_close = may_close
        self._places: dict[int, tuple[Place, OpenFile]] = {}
        self.cached = 0
        self._passing: set[int] = set()  # received or handed out: neither lasts longer than a turn

    def __len__(self) -> int:
        return len(self._places)

    def received(self, descriptor: int, file: OpenFile) -> None:
        """It came in with a message."""
        if descriptor in self._places:
            raise Violation(
                "conservation", f"the kernel reused descriptor {descriptor}, which should be open"
            )
        self._places[descriptor] = Place.RECEIVED, file
        self._passing.add(descriptor)

    def file(self, descriptor: int) -> OpenFile:
        """The session behind a descriptor."""
        return self._places[descriptor][1]

    def saved(self, descriptor: int) -> OpenFile:
        """It went into the cache."""
        file = self._leave(descriptor, Place.RECEIVED, "saved")
        self._passing.discard(descriptor)
        self._places[descriptor] = Place.CACHED, file
        self.cached += 1
        return file

    def taken(self, descriptor: int) -> OpenFile:
        """A find took it out of the cache."""
        file = self._leave(descriptor, Place.CACHED, "found")
        self._places[descriptor] = Place.TAKEN, file
        self.cached -= 1
        return file

    def put_back(self, descriptor: int) -> None:
        """Nobody claimed it, and it is in the cache again."""
        file = self._leave(descriptor, Place.TAKEN, "put back")
        self._places[descriptor] = Place.CACHED, file
        self.cached += 1

    def handed_out(self, descriptor: int) -> OpenFile:
        """It was sent to a client."""
        file = self._leave(descriptor, Place.TAKEN, "handed out")
        self._places[descriptor] = Place.HANDED_OUT, file
        self._passing.add(descriptor)
        return file

    def told_goodbye(self, descriptor: int) -> OpenFile:
        """Its remote side was told that it is about to be closed."""
        file = self._leave(descriptor, Place.CACHED, "told good-bye")
        self._places[descriptor] = Place.LEAVING, file
        self._left_the_cache(descriptor, file)
        return file

    def closed(self, descriptor: int) -> OpenFile | None:
        """The session's file if it was cached and has expired."""
        if descriptor not in self._places:
            raise Violation("conservation", f"descriptor {descriptor} was closed, but no session has it")
        place, file = self._places.pop(descriptor)
        self._passing.discard(descriptor)
        if place is not Place.CACHED:
            return None
        self._left_the_cache(descriptor, file)
        return file

    def _left_the_cache(self, descriptor: int, file: OpenFile) -> None:
        self.cached -= 1
        if not self._may_close(file):
            raise Violation("conservation", f"descriptor {descriptor} was closed while its session is cached")

    def settled(self) -> None:
        """A turn is over: what came in was saved or closed, what was handed out was closed."""
        for descriptor in self._passing:
            place, _ = self._places[descriptor]
            raise Violation("conservation", f"descriptor {descriptor} was {place.value}, and is left open so")

    def all_closed(self) -> None:
        """The daemon has ended; all must be closed by then."""
        if self._places:
            left = ", ".join(f"{number} {place.value}" for number, (place, _) in self._places.items())
            raise Violation("conservation", f"the daemon ended with sessions open: {left}")

    def _leave(self, descriptor: int, expected: Place, verb: str) -> OpenFile:
        place, file = self._places.get(descriptor, (None, None))
        if file is None:
            raise Violation("conservation", f"descriptor {descriptor} was {verb}, but no session has it")
        if place is not expected:
            raise Violation(
                "conservation", f"descriptor {descriptor} was {verb} though {place and place.value}"
            )
        return file
