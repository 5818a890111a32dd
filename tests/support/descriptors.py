"""The descriptors of this process."""

from __future__ import annotations

import gc
import os

__all__ = ["open_descriptors"]


def open_descriptors() -> set[str]:
    """Those that are open, once what earlier tests have left as garbage has been closed."""
    gc.collect()
    return set(os.listdir("/proc/self/fd"))
