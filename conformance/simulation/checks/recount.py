"""The statistics, counted again from what was asked and answered."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Recount"]


@dataclass(slots=True)
class Recount:
    """Counters of one interval, as the statistics lines name them."""

    domain_hits: int = 0
    domain_miss: int = 0
    address_hits: int = 0
    address_miss: int = 0
    domains: int = 0
    addresses: int = 0
    connection: int = 0
    closed: int = 0
    spoke: int = 0

    def saved_session(self, sizes: tuple[int, int, int]) -> None:
        """A save_endp was carried out; the sizes are those after it."""
        self.addresses = max(self.addresses, sizes[1])
        self.connection = max(self.connection, sizes[2])

    def saved_binding(self, sizes: tuple[int, int, int]) -> None:
        """A save_dest was carried out; the sizes are those after it."""
        self.domains = max(self.domains, sizes[0])
        self.addresses = max(self.addresses, sizes[1])

    def lines(self, start: str) -> list[str]:
        """What the daemon must log about the interval that began at `start`."""
        lines = []
        if any(getattr(self, name) for name in self.__slots__):
            lines.append(f"statistics: start interval {start}")
        for kind, hits, miss in (
            ("domain", self.domain_hits, self.domain_miss),
            ("address", self.address_hits, self.address_miss),
        ):
            if hits + miss > 0:
                success = int(100 * hits / (hits + miss))
                lines.append(f"statistics: {kind} lookup hits={hits} miss={miss} success={success}%")
        if self.domains or self.addresses or self.connection:
            lines.append(
                f"statistics: max simultaneous domains={self.domains} addresses={self.addresses}"
                f" connection={self.connection}"
            )
        if self.closed or self.spoke:
            lines.append(f"statistics: sessions ended by peer closed={self.closed} spoke={self.spoke}")
        return lines
