"""What smtp(8) and lmtp(8) put into labels: lines in a fixed order, without those that a configuration
doesn't need (smtp_key.c; each was seen on the wire). To the cache a label is bytes; this is for whoever
explains it.
"""

from __future__ import annotations

__all__ = ["DESTINATION", "ENDPOINT", "difference", "place"]

#: The names of the lines, by their number. A destination has a sender where each sender may have a password.
DESTINATION = {2: ("service", "nexthop"), 3: ("service", "sender", "nexthop")}
#: An endpoint has a next hop where a certificate must match it, or where there are passwords: then with the
#: host's name, and with the sender where each may have a password.
ENDPOINT = {
    4: ("service", "address", "port", "tls_level"),
    5: ("service", "nexthop", "address", "port", "tls_level"),
    6: ("service", "nexthop", "host", "address", "port", "tls_level"),
    7: ("service", "sender", "nexthop", "host", "address", "port", "tls_level"),
}

#: What two labels must have in common to be about one place: the number of its line.
_PLACE = {
    **{lines: names.index("nexthop") for lines, names in DESTINATION.items()},
    **{lines: names.index("address") for lines, names in ENDPOINT.items()},
}


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

    `login`: only one of them is made for passwords, or for those of senders.
    """
    lines, others = _lines(one), _lines(other)
    if lines is None or others is None or (len(lines) in ENDPOINT) != (len(others) in ENDPOINT):
        return None
    kind = ENDPOINT if len(lines) in ENDPOINT else DESTINATION
    fields = dict(zip(kind[len(lines)], lines, strict=True))
    other_fields = dict(zip(kind[len(others)], others, strict=True))
    differing = [name for name, text in fields.items() if other_fields.get(name, text) != text]
    left_out = fields.keys() ^ other_fields.keys()
    if left_out == {"nexthop"}:  # by a TLS level that has no certificate to match it
        return "tls_level" if differing == ["tls_level"] else None
    if left_out:
        return None if differing else "login"
    place_name = "address" if kind is ENDPOINT else "nexthop"
    return differing[0] if len(differing) == 1 and differing[0] != place_name else None
