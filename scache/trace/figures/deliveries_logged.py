"""What a mail log says of deliveries: which sessions were reused, and where peers ended them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from scache.trace.figures.endings import FEWEST

__all__ = ["LoggedPeer", "logged_peers"]

_DELIVERY = re.compile(
    r"/[sl]mtp\[\d+\]: \w+: to=<.*>, relay=(\S+\[[^\]]*\])(?::\d+)?, (?:conn_use=(\d+), )?.*status=sent"
)
_ENDING = re.compile(
    r"/[sl]mtp\[\d+\]: (?:\w+: )?(?:lost connection with|host) (\S+\[[^\]]*\])(?::\d+)?"
    r" (?:while|(?:said|refused to talk to me): 421)"
)


@dataclass(slots=True)
class LoggedPeer:
    """uses: conn_use of each mail that was sent. ends: lost connections and replies of 421."""

    uses: Counter[int] = field(default_factory=Counter)
    ends: int = 0

    @property
    def mails(self) -> int | None:
        """The number of mails after which this peer ends sessions; None where none can be told.

        A session that was ended so has been used so often, and none more often.
        """
        most = max(self.uses, default=0)
        return most if self.ends >= FEWEST and self.uses[most] >= FEWEST else None


def logged_peers(lines: Iterable[str]) -> dict[str, LoggedPeer]:
    """From the lines of a mail log, in whatever form of syslog: `host[address]` -> its deliveries."""
    peers: defaultdict[str, LoggedPeer] = defaultdict(LoggedPeer)
    for line in lines:
        if delivery := _DELIVERY.search(line):
            peers[delivery[1]].uses[int(delivery[2] or 1)] += 1
        elif ending := _ENDING.search(line):
            peers[ending[1]].ends += 1
    return dict(peers)
