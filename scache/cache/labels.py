"""What smtp(8) and lmtp(8) put into labels: lines in a fixed order, without those that a configuration
doesn't need (smtp_key.c). To the cache a label is bytes; this is for whoever explains it.
"""

from __future__ import annotations

__all__ = ["DESTINATION", "ENDPOINT", "difference", "place"]

#: The names of the lines, by their number.
DESTINATION = {2: ("service", "nexthop"), 3: ("service", "sender", "nexthop")}
ENDPOINT = {
    4: ("service", "address", "port", "tls_level"),
    7: ("service", "sender", "nexthop", "host", "address", "port", "tls_level"),
}

#: What two labels must have in common to be about one place.
_PLACE = {2: 1, 3: 2, 4: 1, 7: 4}

#: The lines that only a label of a login has, by their number in a label of so many lines.
_LOGIN = {3: (1,), 7: (1, 2, 3)}


def _lines(label: bytes) -> list[bytes] | None:
    """The label's lines, None where it isn't one of a delivery agent."""
    lines = label.split(b"\n")
    return lines[:-1] if len(lines) - 1 in _PLACE and not lines[-1] else None


def place(label: bytes) -> bytes | None:
    """The next hop or the address that a label is about; None where it isn't one of a delivery agent."""
    lines = _lines(label)
    return None if lines is None else lines[_PLACE[len(lines)]]


def difference(one: bytes, other: bytes) -> str | None:
    """The field in which alone two labels about one place differ; None where that isn't so.

    `login`: only one of them is for a sender with a login of its own.
    """
    lines, others = _lines(one), _lines(other)
    if lines is None or others is None:
        return None
    if len(lines) != len(others):
        shorter, longer = sorted((lines, others), key=len)
        left_out = _LOGIN.get(len(longer), ())
        rest = [line for number, line in enumerate(longer) if number not in left_out]
        return "login" if rest == shorter else None
    differing = [number for number, line in enumerate(lines) if line != others[number]]
    if len(differing) != 1 or differing[0] == _PLACE[len(lines)]:
        return None
    names = DESTINATION.get(len(lines)) or ENDPOINT[len(lines)]
    return names[differing[0]]
