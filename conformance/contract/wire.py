"""Requests and replies as bytes, written down independently of the product's codec."""

from __future__ import annotations

__all__ = ["ANNOUNCEMENT", "DUMMY", "MISS", "OK", "WRONG_REQUESTS", "attribute_list", "hit", "request_bytes"]


def attribute_list(*attributes: tuple[bytes, bytes]) -> bytes:
    """Names and values, each behind a NUL, and the NUL that ends the list."""
    return b"".join(name + b"\0" + value + b"\0" for name, value in attributes) + b"\0"


ANNOUNCEMENT = attribute_list((b"protocol", b"connection_cache_protocol"))
DUMMY = attribute_list((b"dummy", b""))
OK = attribute_list((b"status", b"0"))
FAIL = attribute_list((b"status", b"2"))
MISS = attribute_list((b"status", b"2"), (b"property", b""))

_NAMES = {
    "save_endp": (b"ttl", b"label", b"property"),
    "find_endp": (b"label",),
    "save_dest": (b"ttl", b"label", b"property", b"label"),
    "find_dest": (b"label",),
}


def request_bytes(kind: str, *parameters: bytes | int) -> bytes:
    """One request as its client sends it."""
    values = [b"%d" % value if isinstance(value, int) else value for value in parameters]
    return attribute_list((b"request", kind.encode()), *zip(_NAMES[kind], values, strict=True))


def hit(properties: bytes) -> bytes:
    """The reply of a find_endp that hits."""
    return attribute_list((b"status", b"0"), (b"property", properties))


_BAD = attribute_list((b"status", b"1"))

#: Requests that nothing is carried out for, and their answers.
WRONG_REQUESTS = (
    (request_bytes("save_endp", 0, b"label", b"property"), _BAD),
    (request_bytes("save_dest", -1, b"label", b"property", b"label"), _BAD),
    (request_bytes("save_dest", b"2x", b"label", b"property", b"label"), _BAD),
    (b"request\0find_endp\0\0", attribute_list((b"status", b"1"), (b"property", b""))),
    (
        b"request\0find_dest\0name\0value\0\0",
        attribute_list((b"status", b"1"), (b"property", b""), (b"property", b"")),
    ),
    (attribute_list((b"request", b"forget_endp"), (b"label", b"value")), _BAD),
)
