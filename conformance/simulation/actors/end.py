"""What a client holds of its connection."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from scache.simulated import OpenFile

__all__ = ["End"]


class End(Protocol):
    """A client's end of its connection, as scache.simulated.StreamSocket has it."""

    @property
    def incoming(self) -> deque[tuple[bytes, tuple[OpenFile, ...]]]: ...
    @property
    def unread(self) -> int: ...
    @property
    def input_ended(self) -> bool: ...
    def send(self, data: bytes, files: tuple[OpenFile, ...] = ()) -> int: ...
    def receive_message(self, limit: int) -> tuple[bytes, tuple[OpenFile, ...]]: ...
    def shutdown(self) -> None: ...
    def release(self) -> None: ...
