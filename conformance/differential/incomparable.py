"""The one place that says what two scaches may answer differently, and why. All else must be equal.

Some things can't be compared because Postfix's answer is a matter of chance; those are left out here. Others
would stop Postfix or lose it for good; no step provokes them, see `NOT_PROVOKED`.
"""

from __future__ import annotations

import re

from conformance.contract.target import Received
from scache.protocol.dialect import ANNOUNCEMENT, Dialect

__all__ = ["NOT_PROVOKED", "comparable_greeting", "comparable_log"]

#: What the steps keep away from, and why.
NOT_PROVOKED = {
    "a client acts while another is in the middle of a message": "Postfix lets everyone wait for that one",
    "the clock moves while a client is in the middle of a message": "Postfix waits in real time there",
    "a client closes before its bytes are read": "Postfix loops for ever on the EPIPE",
    "a session after two descriptors in one message is looked at": "Postfix leaks them, so it stays open",
    "a message of more than the message limit": "Postfix has no limit",
    "more than 32,768 malformed bytes in one write": "how many are there when it reads is chance",
    "max_idle passes": "the two would have to be started anew, which the lifecycle cases do",
}

#: A stale errno ends these lines in Postfix.
_STALE_ERRNO = re.compile(r"((?:unable to receive|cannot send) file descriptor): .*")


#: Bytes of a text that reach the mail log, behind its severity. Where no mail log is between (in memory), the
#: bench sees the whole text.
_LONGEST_TEXT = 1999

#: What is more than ASCII. A Postfix that was built without UTF-8, or is older than 3.0, prints each such
#: byte as `?`, 3.10 and later those that are no UTF-8, 3.5 and 3.7 few.
_NO_ASCII = re.compile(b"[\x80-\xff]")


def comparable_log(lines: list[str]) -> list[str]:
    """Log lines as any release could have written them."""
    return [_comparable_line(line) for line in lines]


def _comparable_line(line: str) -> str:
    severity = "warning: " if line.startswith("warning: ") else ""
    text = line.removeprefix(severity).encode("utf-8", "surrogateescape")[:_LONGEST_TEXT]
    return severity + _STALE_ERRNO.sub(r"\1", _NO_ASCII.sub(b"?", text).decode("ascii"))


def comparable_greeting(received: Received, dialect: Dialect) -> Received:
    """What came on connect, without the announcement if the daemon's dialect has one (3.6 and later)."""
    if dialect.announcement and received.data.startswith(ANNOUNCEMENT):
        return Received(received.data[len(ANNOUNCEMENT) :], received.tokens, received.end)
    if dialect.announcement:
        return Received(b"(no announcement)" + received.data, received.tokens, received.end)
    return received
