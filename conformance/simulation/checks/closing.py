"""Why the daemon may close a client's connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.simulation.world.situation import Situation

if TYPE_CHECKING:
    from conformance.simulation.actors.client import Client
    from conformance.simulation.world.books import Books

__all__ = ["CUT_OFF", "SITUATIONS", "TIME_LIMIT", "reason_to_close"]

_ENDED = "the daemon ended"
TIME_LIMIT = "the time limit"
_MESSAGE_LIMIT = "the message limit"
_UNFINISHED = "the limit of unfinished messages"
_UNREAD = "the limit of answers that aren't read"
_CLIENT_CLOSED = "the client closed"

#: Reasons after which a client can't count on anything that it still finds to read.
CUT_OFF = frozenset([_ENDED, TIME_LIMIT, _MESSAGE_LIMIT, _UNFINISHED, _UNREAD])

#: What is counted of them.
SITUATIONS = {
    TIME_LIMIT: Situation.TIME_LIMIT,
    _MESSAGE_LIMIT: Situation.MESSAGE_LIMIT,
    _UNFINISHED: Situation.UNFINISHED,
    _UNREAD: Situation.UNREAD,
}


def reason_to_close(client: Client, books: Books, *, ending: bool) -> str | None:
    """The reason for which the daemon closes this client now; None where it has none."""
    if ending:
        return _ENDED
    if books.elapsed - client.heard_before(books.turn) >= books.settings.ipc_timeout:
        return TIME_LIMIT
    if client.gone or client.half_closed:
        return _CLIENT_CLOSED
    if client.hostile and client.taken_in > client.options.message_limit:
        return _MESSAGE_LIMIT
    if _holds_too_much(client.may_be_unfinished, books.most_unfinished(), books.settings.unfinished_limit):
        return _UNFINISHED
    if _holds_too_much(client.may_be_unread, books.most_unread(), books.settings.unread_limit):
        return _UNREAD
    return None


def _holds_too_much(size: int, others: list[int], limit: int) -> bool:
    """Whether a client may make the daemon hold more than its share of too many bytes."""
    return size + sum(others) > limit and size * (1 + sum(map(bool, others))) >= limit
