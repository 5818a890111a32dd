"""The recorder's turn on a busy machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["ahead_of_the_rest"]

#: The highest priority that is not a real-time one.
HIGHEST = -20


@contextlib.contextmanager
def ahead_of_the_rest() -> Iterator[bool]:
    """Run the calling thread at the highest nice value; whether that is permitted (root, CAP_SYS_NICE).

    Postfix's scache serves nobody while it waits for a client to take or send a descriptor. What a proxy adds
    to that wait, every client has to wait: requests pile up, and all of them fail when a reload ends scache.
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, HIGHEST)
    except PermissionError:
        yield False
        return
    try:
        yield True
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)
