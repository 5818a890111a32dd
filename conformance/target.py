"""What a bench can talk to: a target starts daemons, a daemon has peers, a peer is one client connection.

Descriptors are named by tokens ("A", "B", ...). The first use of a token in `Peer.send` makes a session of
that name (live: one end of a socket pair, the bench keeps the other); a descriptor that comes back is
recognised and reported by its token again, so dialogues compare between targets and runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from scache.dialect import Dialect

__all__ = ["Daemon", "Peer", "Received", "Target", "Token"]

Token = str


@dataclass(frozen=True, slots=True)
class Received:
    """What a peer has received since it last looked: bytes, sessions in order, and whether input has ended."""

    data: bytes = b""
    tokens: tuple[Token, ...] = ()
    end: bool = False


class Peer(Protocol):
    """One client connection to a daemon."""

    def send(self, data: bytes, tokens: Sequence[Token] = ()) -> None:
        """One write; with tokens, one sendmsg that carries their descriptors."""

    def receive(self) -> Received:
        """All that the daemon has sent, once it has come to rest (never by waiting for a fixed time)."""

    def shutdown(self) -> None:
        """Half-close: no more bytes from this side (SHUT_WR)."""

    def close(self) -> None:
        """Close the connection."""


class Daemon(Protocol):
    """A running scache with a clock that moves only when told."""

    dialect: Dialect

    def connect(self) -> Peer:
        """Open a client connection."""

    def advance(self, seconds: int) -> None:
        """Move the clock (negative: back) and let the daemon run the timers that are due."""

    def log(self) -> list[str]:
        """Log texts since the last call, without time, host and tag: `warning: ...`, `statistics: ...`."""

    def is_open(self, token: Token) -> bool:
        """Whether anybody but the bench still holds the session that the token names."""

    def terminate(self) -> None:
        """SIGTERM, as from `postfix stop`."""

    def lose_master(self) -> None:
        """Close the master's end of the status channel, as `postfix reload` does."""

    def exit_status(self) -> int | None:
        """Exit status once the daemon has ended (negative: by that signal), None while it runs."""

    def stop(self) -> None:
        """End the daemon and free all that it used; may be called twice."""


class Target(Protocol):
    """Something that can start daemons."""

    name: str

    def unavailable(self) -> str | None:
        """Why this target cannot run here; None where it can."""

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        """Start a fresh daemon at 2027-01-15 08:00:00 UTC with these main.cf parameters (`-o name=value`).

        Without `max_idle` in the options, it is long enough never to end a case.
        """
