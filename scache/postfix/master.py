"""The contract with master(8): inherited descriptors, the status channel, the generation (master_proto.h).

master starts a child with the flow control pipe at 3 and 4, the status channel at 5 and its listening sockets
from 6 on. Through the status channel the child says "taken" and "available". With a process limit of 1 that
schedules nothing: master only wants to hear it once, to know that the command got as far as serving (one that
fails before is throttled). Two messages a request, as Postfix sends them, would buy nothing.
"""

from __future__ import annotations

import os
import resource
import sys

from scache.checking import TYPE_CHECKING
from scache.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LISTEN",
    "STATUS",
    "claim_descriptors",
    "leave",
    "process_generation",
    "raise_file_limit",
    "report_available",
]

STATUS = 5
LISTEN = 6
_FLOW_CONTROL = (3, 4)
_TAKEN, _AVAILABLE = 0, 1
_OCTAL = frozenset("01234567")
_DIGITS = _OCTAL | {"8", "9"}
_UINT = 2**32


def report_available(generation: int) -> None:
    """Tell master that this process serves. OSError where master is gone.

    As "taken", then "available": master counts what is available, and a child is so from its start.
    """
    head = os.getpid().to_bytes(4, sys.byteorder) + generation.to_bytes(4, sys.byteorder)
    for status in (_TAKEN, _AVAILABLE):
        os.write(STATUS, head + status.to_bytes(4, sys.byteorder))


def process_generation(environment: Mapping[str, str]) -> int:
    """The number in GENERATION (octal), 0 without it; master ignores status messages of an older one.

    ConfigurationError with Postfix's text where it isn't a number. As in Postfix, digits 8 and 9 pass.
    """
    text = environment.get("GENERATION")
    if text is None:
        return 0
    if not text or not _DIGITS.issuperset(text):
        raise ConfigurationError(f"bad generation: {text}")
    value = 0
    for digit in text:
        if digit not in _OCTAL:
            break
        value = (value * 8 + int(digit)) % _UINT
    return value


def claim_descriptors(listeners: int) -> None:
    """Keep the inherited descriptors from any program that this process might start (close-on-exec).

    ConfigurationError where they aren't there: this process is no child of master.
    """
    try:
        for descriptor in (*_FLOW_CONTROL, STATUS, *range(LISTEN, LISTEN + listeners)):
            os.set_inheritable(descriptor, False)
    except OSError as error:
        raise ConfigurationError(f"event_enable_read: epoll_ctl EPOLL_CTL_ADD: {error.strerror}") from error


def leave() -> None:
    """Let go of what ties a process to master: its end must not be waited for, nor its silence counted."""
    for descriptor in (*_FLOW_CONTROL, STATUS):
        os.close(descriptor)


def raise_file_limit() -> int:
    """Allow as many open files as the hard limit does: each session is one. Returns how many."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
