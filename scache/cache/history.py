"""What has been asked of a cache lately, and what has left it: why a lookup found nothing.

An observer of the cache. It keeps a set number of lookups and of labels, whatever clients do, and does little
at each: what it comes to is found out when somebody asks (report.py).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from itertools import islice

from scache.checking import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scache.cache.entries import Binding, Session
    from scache.cache.observer import Bindings

__all__ = ["CLOSED", "EXPIRED", "LATELY", "TAKEN", "UNBOUND", "UNKNOWN", "UNSAVED", "History", "Miss"]

#: Why a lookup found nothing. Of an endpoint's last session: a client has taken it, its time was over, or it
#: was closed before that (its remote side has ended it, or it made room).
TAKEN, EXPIRED, CLOSED = "taken", "expired", "closed"
#: A destination's last binding expired; or it leads to an endpoint for which nobody has saved a session
#: lately; or nobody has saved anything under this label lately.
UNBOUND, UNSAVED, UNKNOWN = "unbound", "unsaved", "unknown"

#: Lookups of a kind that are remembered.
LATELY = 4096

#: Labels, at least, of which it is remembered how they left the cache, and bytes of a label that count.
_LABELS, _LONGEST = 8192, 512

#: Of a destination's bindings the newest ones that are looked at after a miss.
_BINDINGS = 8

#: Seconds of which it is known which sessions were saved in them.
_SECONDS = 4096


#: A lookup that found nothing: the second, the label, why and since when, and the endpoint to which the
#: destination led; None where it led to none, or an endpoint was asked for.
Miss = tuple[int, bytes, tuple[str, int | None], bytes | None]

_NOT_KNOWN = UNKNOWN, None


class _Departures:
    """How and when those labels left the cache that did so last: twice _LABELS at most. So many are forgotten
    at a time, as soon as there are too many: a second may have a hundred thousand.
    """

    __slots__ = ("_earlier", "_latest")

    def __init__(self) -> None:
        self._latest: dict[bytes, tuple[str, int]] = {}
        self._earlier: dict[bytes, tuple[str, int]] = {}

    def put(self, label: bytes, how: tuple[str, int]) -> None:
        """It has left."""
        if len(self._latest) == _LABELS:
            self._earlier, self._latest = self._latest, {}
        self._latest[label] = how

    def get(self, label: bytes, otherwise: tuple[str, int | None]) -> tuple[str, int | None]:
        """How it left last, `otherwise` where nobody remembers."""
        how = self._latest.get(label) or self._earlier.get(label)
        return otherwise if how is None else how


class History:
    """An Observer that remembers.

    `second`: the present one; whoever moves the time says so (`pass_to`). `start`: that in which it began.
    `destinations`, `endpoints`: the last lookups, oldest first: a hit is its label, of which no more than 512
    bytes count.
    """

    passed_over = None  # a binding that leads to no session is looked at when the whole find has failed

    def __init__(self, now: int) -> None:
        self.start = self.second = now
        self.destinations: deque[bytes | Miss] = deque(maxlen=LATELY)
        self.endpoints: deque[bytes | Miss] = deque(maxlen=LATELY)
        self._left = _Departures()
        self._unbound = _Departures()
        self._taken = (TAKEN, now)
        # Which serial number was the last one before a second: for the age of sessions.
        self._seconds = [now]
        self._serials = [0]

    def pass_to(self, now: int, serial: int) -> None:
        """It is another second; serial: of the session that was saved last."""
        self.second = now
        self._taken = (TAKEN, now)
        if self._serials[-1] != serial:
            self._serials.append(serial)
            self._seconds.append(now)
            if len(self._seconds) > _SECONDS:
                del self._serials[: _SECONDS // 2], self._seconds[: _SECONDS // 2]
        else:
            self._seconds[-1] = now

    def session_saved(self, session: Session) -> None:
        """Its serial number says when that was."""

    def session_found(self, session: Session, binding: Binding | None) -> None:
        """Somebody has it now."""
        label = session.endpoint.label[:_LONGEST]
        self._left.put(label, self._taken)
        if binding is None:
            self.endpoints.append(label)
        else:
            self.destinations.append(binding.dest_label[:_LONGEST])

    def session_unusable(self, session: Session, by_destination: bool) -> None:
        """It would have been found, but its remote side had closed it."""
        self._left.put(session.endpoint.label[:_LONGEST], (CLOSED, self.second))
        (self.destinations if by_destination else self.endpoints).pop()

    def session_dropped(self, session: Session) -> None:
        """It was due, or has to go before."""
        cause = EXPIRED if session.due <= self.second else CLOSED
        self._left.put(session.endpoint.label[:_LONGEST], (cause, self.second))

    def endpoint_missed(self, endp_label: bytes) -> None:
        """A find_endp found nothing."""
        label = endp_label[:_LONGEST]
        self.endpoints.append((self.second, label, self._left.get(label, _NOT_KNOWN), None))

    def binding_saved(self, binding: Binding, refreshed: bool) -> None:
        """Of no interest before it leads nowhere."""

    def binding_dropped(self, binding: Binding) -> None:
        """It was due."""
        self._unbound.put(binding.dest_label[:_LONGEST], (UNBOUND, self.second))

    def destination_missed(self, dest_label: bytes, bindings: Bindings | None) -> None:
        """A find_dest found nothing: of its newest bindings that is to blame whose endpoint had one last."""
        label = dest_label[:_LONGEST]
        if not bindings:
            cause = self._unbound.get(label, _NOT_KNOWN) if bindings is None else (UNBOUND, self.second)
            self.destinations.append((self.second, label, cause, None))
            return
        blamed: tuple[tuple[str, int | None], bytes] | None = None
        for binding in islice(reversed(bindings.values()), _BINDINGS):
            endpoint = binding.endp_label[:_LONGEST]
            left = self._left.get(endpoint, (UNSAVED, None))
            if blamed is None or (left[1] or 0) > (blamed[0][1] or 0):
                blamed = left, endpoint
        assert blamed is not None  # a destination disappears with its last binding
        self.destinations.append((self.second, label, *blamed))

    def saved_at(self, serial: int) -> int:
        """The second in which the session of this serial number was saved."""
        return self._seconds[max(0, bisect_left(self._serials, serial) - 1)]

    def ages(self, serials: Sequence[int]) -> Iterator[tuple[int, int]]:
        """How old the sessions of these serial numbers are, which are sorted: seconds, and how many; the
        youngest first.
        """
        end = len(serials)
        for before, second in zip(reversed(self._serials), reversed(self._seconds), strict=True):
            begin = bisect_right(serials, before)
            if begin < end:
                yield self.second - second, end - begin
            if not (end := begin):
                return
        yield self.second - self._seconds[0], end
