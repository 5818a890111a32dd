"""Whether the daemon may close a client's connection, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.simulation.actors.reason import Reason
from conformance.simulation.checks.violation import Violation

if TYPE_CHECKING:
    from conformance.simulation.actors.client import Client
    from conformance.simulation.world.books import Books

__all__ = ["check_closing"]


def check_closing(client: Client, books: Books, *, ending: bool) -> None:
    """The daemon closes the client's connection, and ends itself or doesn't; there must be a reason."""
    reason = _reason(client, books, ending=ending)
    if reason is None:
        raise Violation("closing", f"the daemon closes client {client.number} for no reason")
    client.closed_by_daemon(reason)


def _reason(client: Client, books: Books, *, ending: bool) -> Reason | None:
    if ending:
        return Reason.ENDED
    if books.elapsed - client.heard_before(books.turn) >= books.settings.ipc_timeout:
        return Reason.TIME_LIMIT
    if client.gone or client.half_closed:
        return Reason.CLIENT_CLOSED
    if client.hostile and client.taken_in > client.options.message_limit:
        return Reason.MESSAGE_LIMIT
    if _holds_too_much(client.may_be_unfinished, books.most_unfinished(), books.settings.unfinished_limit):
        return Reason.UNFINISHED
    if _holds_too_much(client.may_be_unread, books.most_unread(), books.settings.unread_limit):
        return Reason.UNREAD
    return None


def _holds_too_much(size: int, others: list[int], limit: int) -> bool:
    """Whether a client may make the daemon hold more than its share of too many bytes."""
    return size + sum(others) > limit and size * (1 + sum(map(bool, others))) >= limit
