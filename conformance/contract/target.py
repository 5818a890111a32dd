"""What a bench can talk to: a target starts daemons, a daemon has peers, a peer is one client connection.

Descriptors are named by tokens ("A", "B", ...). Each use of a token in `Peer.send` makes a session of that
name (live: one end of a socket pair, the bench keeps the other as the remote side) and hands it over whole:
the bench keeps no copy. A descriptor that comes back is recognised, proved to be the same session (what is
written into it arrives at the remote side), reported by its token and closed, so dialogues compare between
targets and runs. A descriptor that the bench never sent is reported as "?".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from conformance.contract.found import Found
from scache.errors import ScacheError
from scache.protocol.dialect import Dialect

__all__ = [
    "NO_STREAM",
    "START",
    "STRANGER",
    "BlockedError",
    "Daemon",
    "Foreign",
    "Peer",
    "Received",
    "RestlessError",
    "Target",
    "Token",
]

Token = str

#: The token of a descriptor that the bench never sent.
STRANGER: Token = "?"

#: How the name of a session begins that is a datagram socket.
NO_STREAM = "~"

#: Where every daemon's clock starts: 2027-01-15 08:00:00 UTC, in seconds since the epoch.
START = 1_800_000_000


class RestlessError(ScacheError):
    """The daemon computes on and on, or hangs, instead of coming to rest."""


class BlockedError(ScacheError):
    """The daemon is at rest, reads no more, and the socket is full: the bytes can't be sent."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a peer has received since it last looked: bytes, sessions in order, whether input has ended."""

    data: bytes = b""
    tokens: tuple[Token, ...] = ()
    end: bool = False


class Peer(Protocol):
    """One client connection to a daemon."""

    def send(self, data: bytes, tokens: Sequence[Token] = ()) -> None:
        """One write; with tokens, one sendmsg that carries their descriptors.

        Bytes for a daemon that has closed the connection or ended are lost without an error.
        """

    def receive(self) -> Received:
        """All that the daemon has sent, once it has come to rest (never by waiting for a fixed time)."""

    def shutdown(self) -> None:
        """Half-close: no more bytes from this side (SHUT_WR)."""

    def close(self) -> None:
        """Close the connection."""


class Daemon(Protocol):
    """A running scache with a clock that moves only when told.

    Every look at the daemon waits until it has come to rest; RestlessError where it doesn't.
    """

    dialect: Dialect

    def connect(self) -> Peer:
        """Open a client connection."""

    def advance(self, seconds: int) -> None:
        """Move the clock (negative: back) and let the daemon run the timers that are due."""

    def pass_time(self, seconds: int) -> None:
        """Move the clock and wake nobody: what is due then runs in the turn in which something else comes."""

    def log(self) -> list[str]:
        """Log texts since the last call, without time, host and tag: `warning: ...`, `statistics: ...`."""

    def is_open(self, token: Token) -> bool:
        """Whether anybody but the bench still holds the session that the token names."""

    def hang_up(self, token: Token) -> None:
        """The remote side ends the session that the token names: whoever reads it finds its end."""

    def heard(self, token: Token) -> bytes:
        """What has arrived at the remote side of the token's newest session since the last call."""

    def terminate(self) -> None:
        """SIGTERM, as from `postfix stop`."""

    def lose_master(self) -> None:
        """Close the master's end of the status channel, as `postfix reload` does."""

    def exit_status(self) -> int | None:
        """Exit status once the daemon has ended (negative: by that signal), None while it runs."""

    def stop(self) -> None:
        """End the daemon and free all that it used; may be called twice."""


@runtime_checkable
class Foreign(Protocol):
    """A target whose program the bench didn't build."""

    def found(self) -> Found:
        """What the program is. Raises UnavailableError where it can't run here, or is no scache."""


class Target(Protocol):
    """Something that can start daemons."""

    name: str

    def unavailable(self) -> str | None:
        """Why this target cannot run here; None where it can."""

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        """Start a fresh daemon at 2027-01-15 08:00:00 UTC with these main.cf parameters (`-o name=value`).

        Without `max_idle` in the options, it is long enough never to end a case. A daemon that refuses to
        start has an exit status and a log. Raises UnavailableError for options that this target cannot have.
        """
