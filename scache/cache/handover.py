"""What one daemon has cached goes to the next: the leaving one is the client, and saves it there.

Each binding goes as a save_dest and each session as a save_endp, with the time that it has left, so the one
that comes needs to know nothing of it: any scache can be it. Postfix loses its cache at each reload.
"""

from __future__ import annotations

from scache.cache.entries import Binding
from scache.checking import TYPE_CHECKING
from scache.protocol.actions import Close, Discard, HandOver
from scache.protocol.attributes import LIST_END, Scanner
from scache.protocol.request import SAVE_DEST, SAVE_ENDP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scache.cache.entries import Session
    from scache.protocol.actions import Action
    from scache.protocol.dialect import Dialect

__all__ = ["Handover"]

_ANNOUNCEMENT = (b"protocol", LIST_END)
_STATUS = (b"status", LIST_END)
_DUMMY = (b"dummy", LIST_END)


class Handover:
    """The leaving daemon's side of its one connection to the next one.

    take_next(now) takes an entry out of the cache that hasn't fallen due, None once there is no more: a
    destination's bindings and an endpoint's sessions each in their order, so that they stand in the same
    order afterwards. Driven as a Conversation is. Times are whole seconds since the epoch.
    """

    __slots__ = (
        "_dialect",
        "_scanner",
        "_session",
        "_start",
        "_take_next",
        "_wanted",
        "descriptor_due",
        "read_limit",
    )

    def __init__(
        self, take_next: Callable[[int], Binding | Session | None], dialect: Dialect, start: int
    ) -> None:
        self._take_next = take_next
        self._dialect = dialect
        self._start = start
        self._scanner = Scanner("the next scache's socket")
        self._session: Session | None = None  # the one whose descriptor isn't sent yet
        self._wanted = _ANNOUNCEMENT
        self.descriptor_due = False
        self.read_limit = 4096

    @property
    def waiting(self) -> bool:
        """Whether the other side owes something: always."""
        return True

    @property
    def unfinished(self) -> int:
        """Bytes of an answer whose rest is due."""
        return self._scanner.size

    def open(self) -> Sequence[Action]:
        """The connection is there, at the second `start`."""
        return () if self._dialect.announcement else self._go_on(self._start)

    def receive_descriptors(self, _descriptors: Sequence[int], now: int) -> Sequence[Action]:
        """Never due: the next daemon sends none."""
        return self.end(now)

    def receive(self, data: bytes, now: int) -> Sequence[Action]:
        """Bytes have come."""
        self._scanner.feed(data)
        scan = self._scanner.scan(self._wanted)
        if scan is None:
            return ()
        if scan.warnings or len(scan.values) < len(self._wanted) - 1:
            return self.end(now)  # what answers is no scache, or another dialect's
        if self._wanted is _DUMMY:
            return self._send_descriptor()
        return self._go_on(now)

    def go_on(self, _now: int) -> Sequence[Action]:
        """Never due: what comes is scanned at once."""
        return ()

    def handed_over(self, now: int, error: str | None) -> Sequence[Action]:
        """The descriptor has been sent, or couldn't be, for this reason."""
        self._session = None
        return self.end(now) if error else ()

    def undeliverable(self, now: int, _error: str) -> Sequence[Action]:
        """The descriptor couldn't be sent."""
        return self.end(now)

    def end(self, _now: int, *, timed_out: bool = False) -> Sequence[Action]:  # noqa: ARG002
        """The other side has gone, or is too slow: what is left is lost, as all is in Postfix."""
        session, self._session = self._session, None
        return [Discard(session.descriptor), Close()] if session else [Close()]

    def _go_on(self, now: int) -> Sequence[Action]:
        """Save the next entry. A save that failed is not tried again: the next daemon had its reason."""
        entry = self._take_next(now)
        if entry is None:
            return [Close()]
        left = entry.due - now
        if isinstance(entry, Binding):
            self._wanted = _STATUS
            return [SAVE_DEST.message(left, entry.dest_label, entry.prop, entry.endp_label)]
        self._session = entry
        request = SAVE_ENDP.message(left, entry.endpoint.label, entry.prop)
        if self._dialect.write_wait:
            self._wanted = _DUMMY
            return [request]
        return [request, *self._send_descriptor()]

    def _send_descriptor(self) -> Sequence[Action]:
        session = self._session
        assert session is not None  # a dummy is only waited for with a session in hand
        self._wanted = _STATUS
        return [HandOver(session.descriptor)]
