"""What a foreign program is: found out once, by talking to it.

Its dialect, whether its log can be had, and which release of Postfix it behaves like. Each step is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.contract.found import Found
from conformance.contract.target import Daemon, Peer, RestlessError
from conformance.contract.wire import ANNOUNCEMENT, DUMMY, MISS, OK, hit, request_bytes
from scache.errors import RemoteError, UnavailableError
from scache.protocol.dialect import Dialect

__all__ = ["NotAnScacheError", "recognise"]

Start = Callable[[Mapping[str, str]], Daemon]

_FIND = request_bytes("find_endp", b"E")
_SAVE = request_bytes("save_endp", 2, b"E", b"P")


class NotAnScacheError(RemoteError):
    """The program doesn't do what every scache does; the text says what it does instead."""


def recognise(start: Start) -> Found:
    """Find out what `start` starts. Raises NotAnScacheError with what it saw, for what is none."""
    daemon = _begin(start)
    try:
        dialect = _dialect(daemon)
        stalls = _stalls(daemon)
        older = _older(daemon, dialect, start)
        logs = _logs(daemon)
    except RestlessError as error:
        raise NotAnScacheError(f"hangs where an scache answers: {error}") from None
    finally:
        daemon.stop()
    return Found(dialect, logs, _release(older) if stalls else "", older if stalls else ())


def _begin(start: Start) -> Daemon:
    try:
        daemon = start({})
    except RestlessError as error:
        raise NotAnScacheError(f"hangs at its start: {error}") from None
    try:
        status = daemon.exit_status()
    except UnavailableError:
        return daemon
    if status is None:
        return daemon
    words = "; ".join(daemon.log()) or "no log"
    daemon.stop()
    raise NotAnScacheError(f"ends at its start with status {status}: {words}")


def _dialect(daemon: Daemon) -> Dialect:
    peer = daemon.connect()
    greeting = peer.receive()
    if greeting.data not in (ANNOUNCEMENT, b"") or greeting.end:
        raise NotAnScacheError(f"greets a client with {greeting.data!r}{' and closes' * greeting.end}")
    _ask(peer, _FIND, MISS, "a find_endp in an empty cache")
    write_wait = _save(peer)
    peer.send(_FIND)
    got = peer.receive()
    if write_wait and got.data == hit(b"P"):
        peer.send(DUMMY)
        got = peer.receive()
        complete = b"\0"
    else:
        complete = hit(b"P") + b"\0"
    if (got.data, got.tokens) != (complete, ("A",)):
        raise NotAnScacheError(f"answers the find_endp of a saved session with {got.data!r} {got.tokens}")
    # Who waits for the last dummy takes this request for one.
    peer.send(_FIND)
    read_wait = peer.receive().data != MISS
    peer.close()
    return Dialect(announcement=bool(greeting.data), write_wait=write_wait, read_wait=read_wait)


def _save(peer: Peer) -> bool:
    """Save session A; whether the server asked for its descriptor."""
    peer.send(_SAVE)
    got = peer.receive().data
    if got not in (DUMMY, b""):
        raise NotAnScacheError(f"answers a save_endp with {got!r}")
    peer.send(b"\0", ["A"])
    answer = peer.receive().data
    if answer != OK:
        raise NotAnScacheError(f"answers a descriptor with {answer!r}")
    return got == DUMMY


def _ask(peer: Peer, request: bytes, wanted: bytes, what: str) -> None:
    peer.send(request)
    answer = peer.receive()
    if answer.data != wanted:
        raise NotAnScacheError(f"answers {what} with {answer.data!r}{' and closes' * answer.end}")


def _stalls(daemon: Daemon) -> bool:
    """Whether a client that stops inside a message holds up others, as in every Postfix."""
    slow, other = daemon.connect(), daemon.connect()
    slow.receive()
    slow.send(_FIND[:10])
    slow.receive()
    other.receive()
    other.send(_FIND)
    stalls = other.receive().data == b""
    slow.close()
    # A Postfix that finds a client gone before it has served it never comes to rest again.
    other.receive()
    other.close()
    return stalls


def _older(daemon: Daemon, dialect: Dialect, start: Start) -> tuple[str, ...]:
    if dialect.announcement:
        return ()
    if _takes_several(daemon, dialect):
        return ("3.6", "3.0", "2.7")
    return ("3.6",) if _knows_braces(start) else ("3.6", "3.0")


def _takes_several(daemon: Daemon, dialect: Dialect) -> bool:
    peer = daemon.connect()
    peer.send(_SAVE)
    if dialect.write_wait:
        peer.receive()
    peer.send(b"\0", ["A", "B"])
    taken = peer.receive().data == OK
    peer.close()
    return taken


def _knows_braces(start: Start) -> bool:
    try:
        daemon = start({"connection_cache_ttl_limit": "${no_such_parameter?{5}:{7}}"})
    except UnavailableError:
        return True  # a server that runs already: what it would read is nobody's concern
    starts = daemon.exit_status() is None
    daemon.stop()
    return starts


def _logs(daemon: Daemon) -> bool:
    peer = daemon.connect()
    peer.receive()
    peer.send(b"\0")
    peer.receive()
    try:
        return any("missing attribute request" in line for line in daemon.log())
    except UnavailableError:
        return False


def _release(older: tuple[str, ...]) -> str:
    return {0: "3.6 or later", 1: "3.0 to 3.5", 2: "2.7 to 2.11", 3: "2.6 or before"}[len(older)]
