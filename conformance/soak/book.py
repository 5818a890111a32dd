"""What a client knows of the sessions that it saved: nobody else saves under its labels, or asks for them."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field

__all__ = ["Book", "Saved"]


@dataclass(eq=False, slots=True)
class Saved:
    """A session that a client has saved. inode: by it its descriptor is known again. remote: its other end.

    certain: whether the client knows it to be in the cache. placed: whether it knows its place there.
    """

    prop: bytes
    inode: int
    remote: socket.socket
    certain: bool = True
    placed: bool = True

    @property
    def is_closed(self) -> bool:
        """Whether nobody has the session any more."""
        try:
            return self.remote.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False


@dataclass(slots=True)
class Book:
    """The sessions under each endpoint's label, in the order in which they were saved."""

    endpoints: dict[bytes, list[Saved]]
    wrong: list[str] = field(default_factory=list)
    lost: int = 0

    def count(self) -> int:
        """How many sessions may be in the cache."""
        return sum(map(len, self.endpoints.values()))

    def forget_closed(self) -> None:
        """Look for sessions that are gone: a certain one was lost."""
        for entries in self.endpoints.values():
            for saved in [saved for saved in entries if saved.is_closed]:
                self.lost += saved.certain
                saved.remote.close()
                entries.remove(saved)

    def found(self, label: bytes, prop: bytes, descriptor: int, *, settled: bool) -> None:
        """This came for who asked for the label. settled: no handover went on meanwhile, so that it must be
        the oldest one.
        """
        inode = os.fstat(descriptor).st_ino
        entries = self.endpoints[label]
        place = next((number for number, saved in enumerate(entries) if saved.inode == inode), None)
        if place is None:
            self.wrong.append(f"{label!r}: another endpoint's session came")
            return
        saved = entries.pop(place)
        passed_over = [earlier for earlier in entries[:place] if earlier.certain and earlier.placed]
        if saved.prop != prop:
            self.wrong.append(f"{label!r}: {saved.prop!r} came with {prop!r}")
        elif settled and saved.placed and passed_over:
            self.wrong.append(f"{label!r}: a later session came before {len(passed_over)} earlier ones")
        saved.remote.close()

    def missed(self, label: bytes, *, settled: bool) -> None:
        """Nothing was there for who asked for the label."""
        if settled and any(saved.certain for saved in self.endpoints[label]):
            self.wrong.append(f"{label!r}: a miss, though a session is cached")
