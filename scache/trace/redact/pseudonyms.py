"""Pseudonyms for the names in labels and properties: the same one for the same name, of the same shape.

mail.example.com        n2.n1.invalid       as many labels; under the same parent, if the original is
192.0.2.25              240.0.0.1           240.0.0.0/4 is in nobody's use
2001:db8::25            100::1              100::/64 leads nowhere (RFC 6666)
anna@example.com        u1@n1.invalid
anything else           x1
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

__all__ = ["Pseudonyms", "words_of"]

#: Property names whose values say nothing about who talks to whom.
_HARMLESS = frozenset(
    [
        "destination_features",
        "tls_level",
        "reuse_count",
        "endpoint_features",
        "expire_time",
        "level",
        "peer_status",
        "cipher_protocol",
        "cipher_name",
        "cipher_usebits",
        "cipher_algbits",
        "key_exchange",
        "key_exchange_curve",
        "key_exchange_bits",
        "clnt_signature",
        "clnt_signature_curve",
        "clnt_signature_bits",
        "clnt_signature_digest",
        "srvr_signature",
        "srvr_signature_curve",
        "srvr_signature_bits",
        "srvr_signature_digest",
    ]
)
_NAMING = frozenset(["destination", "host_name", "host_addr", "peer_CN", "issuer_CN", "namaddr"])
_IDENTIFYING = frozenset(["peer_fingerprint", "peer_pubkey_fingerprint"])

#: Services of a stock master.cf and of /etc/services, and words of a next hop that are no names.
_STOCK = frozenset(["smtp", "smtps", "lmtp", "relay", "submission", "submissions", "unix", "inet", "IPv6"])

_EVERYWHERE = _HARMLESS | _NAMING | _IDENTIFYING | _STOCK

_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_PARTS = re.compile(r"\[[^\]]*\]|[^\[\]:,\s]+")
_WORDS = re.compile(r"[^\s=*\[\],<>\"]+")
_SMALL_WORDS = re.compile(r"[^\s=*\[\],<>\":@]+")

_FIRST_IPV4 = int(IPv4Address("240.0.0.0"))
_FIRST_IPV6 = int(IPv6Address("100::"))


class Pseudonyms:
    """Gives pseudonyms, numbered as the names come. originals: the names that were replaced."""

    def __init__(self) -> None:
        self.originals: set[str] = set()
        self._names: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}

    def text(self, text: str) -> str:
        """A whole label or property, with every name in it replaced."""
        if text == "":
            return ""
        if "\n" not in text:
            return self._opaque(text) if text.isdigit() else self._value(text)
        return "\n".join(map(self._line, text.split("\n")))

    def _line(self, line: str) -> str:
        name, equals, value = line.partition("=")
        if equals and name in _HARMLESS:
            return line
        if equals and name in _NAMING:
            return f"{name}={self._value(value)}"
        if equals and name in _IDENTIFYING:
            return f"{name}={self._opaque(value)}"
        return self._encoded(line) or (self._opaque(line) if equals else self._value(line))

    def _encoded(self, line: str) -> str | None:
        """A value in base64, which smtp(8) uses where the value has a newline or is like "*"."""
        decoded = _from_base64(line)
        if decoded is None:
            return None
        self._note(line)
        pieces = [
            piece if piece in ("\n", "*") else self._value(piece) for piece in re.split(r"([\n*])", decoded)
        ]
        return base64.b64encode("".join(pieces).encode("utf-8", "surrogateescape")).decode()

    def _value(self, value: str) -> str:
        """A next hop, host, address, sender or the like, with its brackets and port."""
        if value in ("", "*") or value.isdigit():
            return value
        if _address(value) or "@" in value:
            return self._name(value)
        if not value.isascii() or any(character in value for character in ' /;"<>='):
            return self._opaque(value)
        return _PARTS.sub(self._part, value)

    def _part(self, match: re.Match[str]) -> str:
        part = match.group()
        return f"[{self._name(part[1:-1])}]" if part.startswith("[") else self._name(part)

    def _name(self, name: str) -> str:
        if name == "" or name.isdigit() or name in _STOCK:
            return name
        address = _address(name.removeprefix("IPv6:"))
        if address is not None:
            return name[: -len(str(name.removeprefix("IPv6:")))] + self._address(address, name)
        _, at, domain = name.rpartition("@")
        if at:
            return self._given("sender", name, lambda number: f"u{number}@{self._name(domain)}")
        if _DOMAIN.fullmatch(name):
            return self._domain(name)
        return self._opaque(name)

    def _domain(self, name: str) -> str:
        """The pseudonym of each parent is part of it; the last label of several becomes `invalid`."""
        _, dot, parent = name.partition(".")
        if not dot or parent == "":
            return self._given("name", name, lambda number: f"n{number}{dot}")
        above = self._domain(parent) if "." in parent.rstrip(".") else "invalid"
        return self._given("name", name, lambda number: f"n{number}.{above}")

    def _address(self, address: IPv4Address | IPv6Address, name: str) -> str:
        if isinstance(address, IPv4Address):
            return self._given("IPv4", name, lambda number: str(IPv4Address(_FIRST_IPV4 + number)))
        return self._given("IPv6", name, lambda number: str(IPv6Address(_FIRST_IPV6 + number)))

    def _opaque(self, text: str) -> str:
        return self._given("other", text, lambda number: f"x{number}") if text else ""

    def _given(self, kind: str, original: str, make: Callable[[int], str]) -> str:
        pseudonym = self._names.get((kind, original))
        if pseudonym is None:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            pseudonym = self._names[kind, original] = make(number)
            self._note(original)
        return pseudonym

    def _note(self, original: str) -> None:
        # Numbers and words that have their place in every trace can't be looked for.
        if not original.isdigit() and original not in _EVERYWHERE:
            self.originals.add(original)


def words_of(text: str) -> Iterator[str]:
    """Everything in a text that could be a name, whole and in parts, base64 taken apart."""
    yield text
    for line in text.split("\n"):
        yield line
        yield from _WORDS.findall(line)
        yield from _SMALL_WORDS.findall(line)
        decoded = _from_base64(line)
        if decoded is not None:
            yield from words_of(decoded)


def _from_base64(line: str) -> str | None:
    """What a line encodes, where that is something that smtp(8) encodes."""
    if len(line) % 4 or len(line) < 4:
        return None
    try:
        decoded = base64.b64decode(line, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    return decoded if "\n" in decoded or "*" in decoded else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
