"""What is fuzzed, each a function of bytes that raises where something is wrong.

Only what is documented may be raised by the code under test; what else must hold is asserted here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scache.cache.service import Service
from scache.config.main_cf import MainCf
from scache.config.parameters import service_settings
from scache.config.settings import Settings
from scache.errors import ConfigurationError, TraceError, UnavailableError
from scache.protocol.actions import Close, Continue, Discard, HandOver, listed
from scache.protocol.attributes import LIST_END, Scan, Scanner
from scache.protocol.conversation import Conversation
from scache.protocol.dialect import Dialect
from scache.trace.format.reader import TraceReader
from tests.support.pretended_sessions import PretendedSessions

if TYPE_CHECKING:
    from scache.protocol.actions import Answer

__all__ = ["TARGETS"]

NOW = 1_800_000_000
#: What scans in turn want: the lists of the protocol, and one with a number in it.
WANTED = ((b"request",), (b"ttl", b"label", b"property", LIST_END), (b"dummy", LIST_END))
DIALECTS = [
    Dialect(announcement=announcement, write_wait=write_wait, read_wait=read_wait)
    for announcement in (False, True)
    for write_wait in (False, True)
    for read_wait in (False, True)
]


def scanner(data: bytes) -> None:
    """However the bytes come in pieces, the scans are the same."""
    if data:
        size = 1 + data[0]
        pieces = [data[start : start + size] for start in range(1, len(data), size)]
        assert list(_scans(pieces)) == list(_scans([data[1:]] if data[1:] else []))


def _scans(pieces: Sequence[bytes]) -> Iterator[tuple[list[bytes | int], tuple[str, ...]]]:
    scanner = Scanner("scache socket")
    count = 0

    def told(scan: Scan) -> tuple[list[bytes | int], tuple[str, ...]]:
        nonlocal count
        count += 1
        return scan.values, scan.warnings

    for piece in pieces:
        scanner.feed(piece)
        while (scan := scanner.scan(WANTED[count % 3])) is not None:
            yield told(scan)
    yield told(scanner.end(timed_out=False))


class Dialogue:
    """A client that says what the fuzzer wants. Each descriptor is in one place only, all the time."""

    def __init__(self, which: int) -> None:
        self.sessions = PretendedSessions()
        settings = Settings(keep_unclaimed=which & 8 > 0, newest_first=which & 16 > 0, session_limit=3)
        self.service = Service(settings, self.sessions, lambda _text: None)
        self.conversation = Conversation(self.service, DIALECTS[which & 7], "scache socket", 4096)
        self.given = 0
        self.gone: list[int] = []
        self.closed = False

    def play(self, data: bytes) -> None:
        """The bytes with their descriptors, each read as large as the byte before says, and the end."""
        now = NOW
        self.carry_out(self.conversation.open(), now)
        position = 0
        while position < len(data) and not self.closed:
            size = 1 + data[position] % self.conversation.read_limit
            now += data[position] >> 7
            self.gone += [session.descriptor for session in self.service.expire(now)]
            chunk = data[position + 1 : position + 1 + size]
            position += 1 + size
            if self.conversation.descriptor_due:
                descriptors = range(self.given, self.given + size % 3)
                self.given += len(descriptors)
                position -= size - 1
                self.carry_out(self.conversation.receive_descriptors(descriptors, now), now)
            elif chunk:
                self.carry_out(self.conversation.receive(chunk, now), now)
        if not self.closed:
            self.carry_out(self.conversation.end(now, timed_out=len(data) % 2 > 0), now)
        self.gone += [session.descriptor for session in self.service.clear()]
        found = sorted([*self.gone, *self.sessions.closed, *self.sessions.discarded])
        assert found == list(range(self.given)), (found, self.given)
        assert self.closed
        assert not self.conversation.waiting

    def carry_out(self, answer: Answer, now: int) -> None:
        """What the server does. Of three sessions one is sent; the others aren't, as the client has gone, or
        the kernel has no room for it.
        """
        for action in listed(answer):
            if isinstance(action, HandOver) and action.descriptor % 3 == 1:
                self.carry_out(self.conversation.undeliverable(now, "Too many references"), now)
            elif isinstance(action, HandOver):
                self.gone.append(action.descriptor)
                error = "Broken pipe" if action.descriptor % 3 == 2 else None
                self.carry_out(self.conversation.handed_over(now, error), now)
            elif isinstance(action, Discard):
                self.gone.append(action.descriptor)
            elif isinstance(action, Continue):
                self.carry_out(self.conversation.go_on(now), now)
            elif isinstance(action, Close):
                self.closed = True


def conversation(data: bytes) -> None:
    """Any bytes with any descriptors: no descriptor is lost or closed twice, and the end is the end."""
    if data:
        Dialogue(data[0]).play(data[1:])


def trace(data: bytes) -> None:
    """Any file is read, or refused as damaged."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(data)
        file.flush()
        try:
            with TraceReader(Path(file.name), lambda _line: None) as reader:
                for _event in reader:
                    pass
        except (TraceError, UnavailableError):
            pass


def main_cf(data: bytes) -> None:
    """Any main.cf gives settings, or is refused."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.cf").write_bytes(data)
        configuration = MainCf(folder, lambda _warning: None)
        try:
            configuration.read()
            service_settings(configuration, path="scache socket")
        except ConfigurationError:
            pass


TARGETS: dict[str, Callable[[bytes], None]] = {
    "scanner": scanner,
    "conversation": conversation,
    "trace": trace,
    "main_cf": main_cf,
}
