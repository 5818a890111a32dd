"""Pseudonyms for the names in a trace: the same one for the same name, of the same shape.

mail.example.com        n2.n1.invalid       as many labels; under the same parent, if the original is
192.0.2.25              240.0.0.1           240.0.0.0/4 is in nobody's use
2001:db8::25            100::1              100::/64 leads nowhere (RFC 6666)
anna@example.com        u1@n1.invalid
anything else           x1
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

__all__ = ["SERVICES", "Pseudonyms"]

#: Services of a stock master.cf and of /etc/services: no names of anybody.
SERVICES = frozenset(["smtp", "smtps", "lmtp", "relay", "submission", "submissions", "unix", "inet"])

_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_NEXT_HOP = re.compile(r"(?:\[([^\[\]]+)\]|([^\[\]:]+))(?::([^\[\]:]+))?")
_NAME_AND_ADDRESS = re.compile(r"([^\[\]]+)\[([^\[\]]+)\](?::([^:\[\]]+))?")
_IPV6 = "IPv6:"

_FIRST_IPV4 = int(IPv4Address("240.0.0.0"))
_FIRST_IPV6 = int(IPv6Address("100::"))


class Pseudonyms:
    """Gives pseudonyms, numbered as the names come. Of what it is given, brackets, commas and ports stay."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}

    def next_hop(self, value: str) -> str:
        """A destination, host or address, perhaps with brackets and a port, or several of them."""
        return "".join(
            part if at % 2 else self._one_hop(part) for at, part in enumerate(re.split(r"([,\s]+)", value))
        )

    def name_and_address(self, value: str) -> str:
        """`host[address]:port`."""
        if not (found := _NAME_AND_ADDRESS.fullmatch(value)):
            return self.other(value)
        port = f":{self.port(found[3])}" if found[3] else ""
        return f"{self.name(found[1])}[{self.name(found[2])}]{port}"

    def name(self, name: str) -> str:
        """A domain, an address or a sender; `*` stands for none."""
        if name in ("", "*"):
            return name
        prefix = _IPV6 if name.startswith(_IPV6) else ""
        if (address := _address(name.removeprefix(prefix))) is not None:
            return prefix + self._address(address)
        _, at, domain = name.rpartition("@")
        if at:
            return self._given("sender", name, lambda number: f"u{number}@{self.name(domain)}")
        return self._domain(name) if _DOMAIN.fullmatch(name) else self.other(name)

    def service(self, name: str) -> str:
        """The name of a service in master.cf."""
        return name if name in SERVICES else self.other(name)

    def port(self, port: str) -> str:
        """A port, by number or name."""
        return port if port in SERVICES or (_is_number(port) and int(port) < 1 << 16) else self.other(port)

    def other(self, text: str) -> str:
        """Anything else."""
        return self._given("other", text, lambda number: f"x{number}") if text else ""

    def _one_hop(self, value: str) -> str:
        if _address(value) is not None or "@" in value:
            return self.name(value)
        found = _NEXT_HOP.fullmatch(value)
        if found is None:
            return self.other(value)
        host = f"[{self.name(found[1])}]" if found[1] else self.name(found[2])
        return f"{host}:{self.port(found[3])}" if found[3] else host

    def _domain(self, name: str) -> str:
        """The pseudonym of each parent is part of it; the last label of several becomes `invalid`."""
        _, dot, parent = name.partition(".")
        if not dot or parent == "":
            return self._given("name", name, lambda number: f"n{number}{dot}")
        above = self._domain(parent) if "." in parent.rstrip(".") else "invalid"
        return self._given("name", name, lambda number: f"n{number}.{above}")

    def _address(self, address: IPv4Address | IPv6Address) -> str:
        if isinstance(address, IPv4Address):
            return self._given("IPv4", str(address), lambda number: str(IPv4Address(_FIRST_IPV4 + number)))
        return self._given("IPv6", str(address), lambda number: str(IPv6Address(_FIRST_IPV6 + number)))

    def _given(self, kind: str, original: str, make: Callable[[int], str]) -> str:
        pseudonym = self._names.get((kind, original))
        if pseudonym is None:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            pseudonym = self._names[kind, original] = make(number)
        return pseudonym


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
