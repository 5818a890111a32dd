"""Names for sessions: "A", "B", ... "Z", "AA", ... and which of them have been seen lately."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

__all__ = ["MEMORY", "SessionTokens", "token_name"]

#: How many sessions are remembered. One that is seen again after so many others have come is a new one.
MEMORY = 100_000


def token_name(number: int) -> str:
    """The token of the session that came as the number-th one: 0 is "A", 25 "Z", 26 "AA"."""
    name = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


class SessionTokens:
    """Gives each session a token, and the same one whenever it comes again."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[Hashable, str] = OrderedDict()
        self._given = 0

    def token(self, session: Hashable) -> str:
        """The token of a session that comes from a client; a new one where it hasn't come before."""
        known = self.known(session)
        if known is not None:
            return known
        token = self._tokens[session] = token_name(self._given)
        self._given += 1
        if len(self._tokens) > MEMORY:
            self._tokens.popitem(last=False)
        return token

    def known(self, session: Hashable) -> str | None:
        """The token of a session that has come before; None where it hasn't."""
        token = self._tokens.get(session)
        if token is not None:
            self._tokens.move_to_end(session)
        return token
