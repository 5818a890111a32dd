"""What a good client is in the middle of."""

from __future__ import annotations

from enum import Enum

__all__ = ["Phase"]


class Phase(Enum):
    """What a good client waits for."""

    GREETING = "the announcement"
    IDLE = "nothing"
    ASKED = "the dummy that asks for its descriptor"
    REPLY = "the reply"
    SESSION = "the descriptor that it found"
