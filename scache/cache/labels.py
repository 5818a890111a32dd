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

_NAMES = {**DESTINATION, **ENDPOINT}

#: What only a label made for passwords has; the next hop also one whose TLS level has a certificate match it.
_LOGIN = {"sender", "nexthop", "host"}


def _fields(label: bytes) -> dict[str, bytes] | None:
    """The label's lines by their names, None where it isn't one of a delivery agent."""
    lines = label.split(b"\n")
    names = _NAMES.get(len(lines) - 1)
    return None if names is None or lines[-1] else dict(zip(names, lines, strict=False))


def place(label: bytes) -> bytes | None:
    """The next hop or the address that a label is about; None where it isn't one of a delivery agent."""
    fields = _fields(label)
    return None if fields is None else _place(fields)


def _place(fields: dict[str, bytes]) -> bytes:
    return fields["address" if "address" in fields else "nexthop"]


def difference(one: bytes, other: bytes) -> str | None:
    """The field in which alone two labels about one place differ; None where that isn't so.

    `login`: only one of them is made for passwords, or for those of senders.
    """
    fields, others = _fields(one), _fields(other)
    if fields is None or others is None or _place(fields) != _place(others):
        return None
    differing = [name for name, text in fields.items() if others.get(name, text) != text]
    left_out = fields.keys() ^ others.keys()
    if left_out == {"nexthop"}:
        return "tls_level" if differing == ["tls_level"] else None
    if left_out:
        return "login" if not differing and left_out <= _LOGIN else None
    return differing[0] if len(differing) == 1 else None
