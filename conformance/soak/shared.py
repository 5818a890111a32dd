"""What the boss of a soak tells all processes at once."""

from __future__ import annotations

import time
from multiprocessing.context import SpawnContext

__all__ = ["Shared"]

_RELIEF = 6.0  # seconds in which all have surely seen that descriptors are free again


class Shared:
    """Numbers in memory that all processes see.

    phase: even while no handover goes on; grows when one begins or ends. pressing: whether descriptors are to
    be used up. relieved: until when they may be, by the monotonic clock.
    """

    def __init__(self, context: SpawnContext) -> None:
        self.phase = context.Value("q", 0)
        self.pressing = context.Value("q", 0)
        self.relieved = context.Value("d", 0.0)

    def press(self, on: bool) -> None:
        """Have descriptors used up from now on, or no longer; to be called again and again."""
        if on or self.pressing.value:
            self.relieved.value = time.monotonic() + _RELIEF
        self.pressing.value = on

    def at_limit(self) -> bool:
        """Whether the daemon may be short of descriptors."""
        return time.monotonic() < float(self.relieved.value)

    def is_settled_since(self, phase: int) -> bool:
        """Whether no handover has gone on since that phase."""
        return phase % 2 == 0 and phase == int(self.phase.value)
