"""Exchanges by the thousand, for which a dialogue would be too long; all the answers are looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.catalogue.language.dialogue import attribute
from conformance.catalogue.language.model import Reply
from conformance.contract.target import Daemon, Peer, Received, Token
from conformance.runner import shown
from scache.protocol.dialect import ANNOUNCEMENT, DUMMY

__all__ = ["come_and_go", "keep_many"]

#: Of come_and_go: batches, the clients of each, and how many of them save and find sessions, or ask wrongly.
_BATCHES, _CLIENTS, _SAVING, _WRONG = 220, 50, 10, 5

#: Batches after which a daemon has what memory it needs, and the bytes that an allocator may still add.
_SETTLED = 20
_GROWTH = 160 * 1024

#: Of keep_many: destinations, bindings of one destination, endpoints, sessions of one endpoint; seconds.
_NAMES, _BINDINGS, _ENDPOINTS, _SESSIONS = 4_100, 4_100, 2_050, 2_050
_LIFE = 900
_REFRESHED = 10

_OK, _BAD = attribute("status", "0") + b"\0", attribute("status", "1") + b"\0"
_UNKNOWN = attribute("request", "find") + b"\0"
_MISSING = attribute("request", "find_endp") + b"\0"
_MISSING_REPLY = attribute("status", "1") + attribute("property", "") + b"\0"
_WARNINGS = (
    'warning: unrecognized request: "find", ignored',
    "warning: missing attribute label in input from scache socket",
    "warning: scache_find_endp_service: bad or missing request parameter",
)


class _Wrong(Exception):
    """Something that a right scache doesn't do."""


def come_and_go(daemon: Daemon, _peers: Mapping[str, Peer]) -> str | None:
    """Eleven thousand clients, one batch after the other, make a hundred thousand requests of every kind.

    Of a daemon with a process of its own it is also seen that no descriptor stays open and no memory is lost.
    """
    pid = getattr(daemon, "pid", None)
    before = (0, 0)
    try:
        for batch in range(_BATCHES):
            _one_batch(daemon, batch)
            if pid is not None and batch == _SETTLED:
                before = _held(pid)
    except _Wrong as wrong:
        return str(wrong)
    if pid is None:
        return None
    daemon.log()  # so that it has come to rest
    descriptors, memory = _held(pid)
    if descriptors > before[0]:
        return f"{descriptors} open descriptors behind thousands of clients, {before[0]} behind the first"
    if memory > before[1] + _GROWTH:
        return f"{memory:,} resident bytes behind thousands of clients, {before[1]:,} behind the first"
    return None


def keep_many(daemon: Daemon, peers: Mapping[str, Peer]) -> str | None:
    """Thousands of destinations, of bindings of one of them, of endpoints and of sessions of one, at once."""
    (peer, *_) = peers.values()
    try:
        _fill(daemon, list(peers.values()), peer)
        _look_through(daemon, peer)
    except _Wrong as wrong:
        return str(wrong)
    return None


def _held(pid: int) -> tuple[int, int]:
    """Open descriptors and resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return len(os.listdir(f"/proc/{pid}/fd")), pages * os.sysconf("SC_PAGE_SIZE")


def _one_batch(daemon: Daemon, batch: int) -> None:
    peers = [daemon.connect() for _ in range(_CLIENTS)]
    where = f"batch {batch}"
    for peer in peers:
        _expect(peer, ANNOUNCEMENT if daemon.dialect.announcement else b"", where)
    binding = _save_dest("D", "Q", "E", 100)
    for request, reply in (
        (_find("find_dest", "D"), _miss(2)),
        (binding, _OK),
        *[(_find("find_endp", "E"), _miss(1))] * 6,
    ):
        _ask_all(peers, request, reply, where)
    for peer in peers[:_WRONG]:
        _ask_all([peer], _UNKNOWN, _BAD, where)
        _ask_all([peer], _MISSING, _MISSING_REPLY, where)
        lines = daemon.log()
        if lines != [*_WARNINGS]:
            raise _Wrong(f"{where}: the log says {lines}")
    for number, peer in enumerate(peers[:_SAVING]):
        _save_endp(peer, "E", f"P{number}", "A", where)
        _take(peer, _find("find_dest", "D"), ("Q", f"P{number}"), "A", where)
        _save_endp(peer, "E", f"R{number}", "B", where)
        _take(peer, _find("find_endp", "E"), (f"R{number}",), "B", where)
    for peer in peers:
        peer.close()


def _fill(daemon: Daemon, peers: list[Peer], peer: Peer) -> None:
    for number in range(_ENDPOINTS):
        _save_endp(peer, f"E{number}", f"P{number}", "A", f"endpoint {number}")
    for number in range(_SESSIONS):
        _save_endp(peer, "E", f"P{number}", "B", f"session {number}")
    for step in (1, 2):  # all are saved, and half of them refreshed
        names, bindings = range(0, _NAMES, step), range(0, _BINDINGS, step)
        _bind_all(peers, (_save_dest(f"D{number}", "Q", f"E{number}", _LIFE) for number in names))
        _bind_all(peers, (_save_dest("D", f"Q{number}", f"E{number}", _LIFE) for number in bindings))
        daemon.advance(_REFRESHED)


def _look_through(daemon: Daemon, peer: Peer) -> None:
    """Now the bindings have been refreshed, half of their sessions are found, and the rest fall due."""
    for number in range(_SESSIONS // 2):
        _take(peer, _find("find_endp", "E"), (f"P{number}",), "B", f"session {number} of one endpoint")
    for number in reversed(range(0, _ENDPOINTS, 2)):
        found = "Q", f"P{number}"
        _take(peer, _find("find_dest", f"D{number}"), found, "A", f"destination {number}")
    for number in range(1, 80, 2):
        found = f"Q{number}", f"P{number}"
        _take(peer, _find("find_dest", "D"), found, "A", f"binding {number} of one destination")
    daemon.advance(_LIFE - 2 * _REFRESHED - 1)
    _see(daemon, "AB", True, "a second before they are due")
    for number in (1, 7, 79, 2051, 2999, 4095, _NAMES - 1):
        _look_for_binding(peer, f"D{number}", "Q", number, "before it is due")
    daemon.advance(1)
    _see(daemon, "AB", False, "when they are due")
    for label in ("D1", "D4095", f"D{_NAMES - 1}"):
        _ask_all([peer], _find("find_dest", label), _miss(2), f"destination {label}, when it is due")
    daemon.advance(_REFRESHED - 1)
    for number in (0, 256, 1000, 1024, 2048, 4096, _NAMES - 2):
        _look_for_binding(peer, f"D{number}", "Q", number, "that was refreshed")
        _look_for_binding(peer, "D", f"Q{number}", number, "that was refreshed")
    daemon.advance(1)
    _save_endp(peer, "E8", "N", "C", "behind all bindings")
    for label in ("D", "D8", f"D{_NAMES - 2}"):
        _ask_all([peer], _find("find_dest", label), _miss(2), f"destination {label}, when it is due")
    _take(peer, _find("find_endp", "E8"), ("N",), "C", "behind all bindings")


def _look_for_binding(peer: Peer, label: str, prop: str, number: int, which: str) -> None:
    """It is found, with a new session, for its endpoint has no other."""
    where = f"binding {number} of {label}, {which}"
    _save_endp(peer, f"E{number}", "N", "C", where)
    _take(peer, _find("find_dest", label), (prop, "N"), "C", where)


def _see(daemon: Daemon, tokens: Iterable[Token], is_open: bool, when: str) -> None:
    for token in tokens:
        if daemon.is_open(token) != is_open:
            raise _Wrong(f"sessions {token} are {'closed' if is_open else 'still open'} {when}")


def _bind_all(peers: list[Peer], requests: Iterable[bytes]) -> None:
    """Each request by another client, and a look at all when each has asked once."""
    asked: list[Peer] = []
    for number, request in enumerate(requests):
        peer = peers[number % len(peers)]
        peer.send(request)
        asked.append(peer)
        if len(asked) == len(peers):
            _look_at_all(asked, _OK, f"binding {number}")
            asked.clear()
    _look_at_all(asked, _OK, "the last bindings")


def _ask_all(peers: list[Peer], request: bytes, reply: bytes, where: str) -> None:
    for peer in peers:
        peer.send(request)
    _look_at_all(peers, reply, where)


def _look_at_all(peers: Iterable[Peer], reply: bytes, where: str) -> None:
    for peer in peers:
        _expect(peer, reply, where)


def _expect(peer: Peer, data: bytes, where: str, *tokens: Token) -> None:
    received = peer.receive()
    if received != Received(data, tokens):
        at = shown.first_difference(data, received.data)
        raise _Wrong(
            f"{where}\nexpected  {shown.reply(Reply(data, tokens))}\n"
            f"got       {shown.reply(Reply(received.data, received.tokens, received.end))}\nfrom byte {at} on"
        )


def _save_endp(peer: Peer, label: str, prop: str, token: Token, where: str) -> None:
    named = attribute("request", "save_endp") + attribute("ttl", str(_LIFE))
    peer.send(named + attribute("label", label) + attribute("property", prop) + b"\0")
    _expect(peer, DUMMY, where)
    peer.send(b"\0", (token,))
    _expect(peer, _OK, where)


def _take(peer: Peer, request: bytes, properties: tuple[str, ...], token: Token, where: str) -> None:
    """A request that hits, up to its last dummy."""
    peer.send(request)
    _expect(peer, attribute("status", "0") + _told(properties) + b"\0", where)
    peer.send(DUMMY)
    _expect(peer, b"\0", where, token)
    peer.send(DUMMY)
    _expect(peer, b"", where)


def _told(properties: Iterable[str]) -> bytes:
    return b"".join(attribute("property", prop) for prop in properties)


def _miss(properties: int) -> bytes:
    return attribute("status", "2") + _told([""] * properties) + b"\0"


def _find(request: str, label: str) -> bytes:
    return attribute("request", request) + attribute("label", label) + b"\0"


def _save_dest(label: str, prop: str, endpoint: str, ttl: int) -> bytes:
    named = attribute("request", "save_dest") + attribute("ttl", str(ttl)) + attribute("label", label)
    return named + attribute("property", prop) + attribute("label", endpoint) + b"\0"
