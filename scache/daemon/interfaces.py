"""What the daemon needs of the world. The real ones are in clock.py, network.py and stream.py, the simulated
ones in scache/simulated/. Imported for type checking only: typing would add to the daemon's start.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["Client", "Clock", "Network", "Stream", "WallClock"]


class WallClock(Protocol):
    """What time it is."""

    @property
    def now(self) -> Callable[[], float]:
        """Seconds since the epoch: what Postfix's timers go by. It can be set, forth and back."""


class Clock(WallClock, Protocol):
    """What time it is, and how much of it has passed."""

    @property
    def monotonic(self) -> Callable[[], float]:
        """Seconds since some moment: what has really passed, however the clock is set."""

    def text(self, seconds: int) -> str:
        """Seconds since the epoch as the log writes them."""


class Client(Protocol):
    """Who holds memory of the daemon's, and may be closed for it."""

    def drop(self, now: int, /) -> None:
        """Close the connection without a word."""


class Stream(Protocol):
    """One accepted client connection. Nothing blocks: where it would, BlockingIOError is raised.

    A broken connection raises ConnectionError.
    """

    handle: int

    @property
    def receive(self) -> Callable[[int], bytes]:
        """At most so many bytes; none at the end of input. Descriptors that ride on them are dropped."""

    @property
    def send(self) -> Callable[[bytes], int]:
        """Send bytes; returns how many were taken."""

    def receive_descriptors(self) -> tuple[bytes, list[int]]:
        """One byte (none at the end of input) with all descriptors that ride on it.

        No descriptors at all where the kernel could not hand on every one of them.
        """

    def send_descriptor(self, descriptor: int) -> None:
        """One NUL byte that carries the descriptor."""

    def peer_user(self) -> int:
        """The client's user id."""

    def close(self) -> None:
        """Close the connection."""


class Network(Protocol):
    """Where clients come from, and what is ready. Handles are small integers, events are epoll's bits."""

    listener: int

    def accept(self) -> Stream:
        """The next client. BlockingIOError where none waits, OSError where descriptors are used up."""

    @property
    def watch(self) -> Callable[[int, int], None]:
        """Let `wait` report these events of a handle from now on."""

    @property
    def change(self) -> Callable[[int, int], None]:
        """Let `wait` report these events of a watched handle instead of what it has reported of it."""

    @property
    def unwatch(self) -> Callable[[int], None]:
        """Forget a handle; to be called before it is closed."""

    def wait(self, timeout: float | None, /) -> list[tuple[int, int]]:
        """Handles with events, once there are some or `timeout` seconds have passed (None: no limit).

        Not to be called for more than some days: epoll_wait(2) counts milliseconds in an int.
        """

    @property
    def close(self) -> Callable[[int], None]:
        """Close a session's descriptor, without waiting for what its socket may still have to send."""

    @property
    def release(self) -> Callable[[int], None]:
        """Close a session's descriptor that was sent to a client."""

    def is_connection(self, descriptor: int, /) -> bool:
        """Whether it is a connected stream socket."""

    def hung_up(self, descriptor: int, /) -> bool:
        """Whether the remote side of a session has closed it."""

    def readable(self, descriptor: int, /) -> bool:
        """Whether the remote side of a session has closed it, or has sent something."""

    def tell(self, descriptor: int, data: bytes, /) -> bool:
        """Send last words to the remote side of a session, if it takes them at once, and the end of input;
        whether it did.
        """

    def drain(self, descriptor: int, /) -> None:
        """Read what the remote side of a session has sent, and throw it away."""
