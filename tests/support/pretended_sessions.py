"""What a service does to the descriptors of its sessions, written down instead of done."""

from __future__ import annotations

from scache.cache.entries import Session

__all__ = ["PretendedSessions"]


class PretendedSessions:
    """`hung_up_ones`: descriptors whose remote side is said to have closed them; `ended_unseen`: such that
    nobody watched yet when it did so, or said something; `no_connections`: such that are said to be something
    else than connected stream sockets. `closed` and `discarded`: what was closed with a good-bye and without.
    `watched`: what is watched.
    """

    def __init__(self) -> None:
        self.hung_up_ones: set[int] = set()
        self.ended_unseen: set[int] = set()
        self.no_connections: set[int] = set()
        self.closed: list[int] = []
        self.discarded: list[int] = []
        self.watched: set[int] = set()

    def watch(self, session: Session) -> None:
        self.watched.add(session.descriptor)

    def unwatch(self, session: Session) -> None:
        self.watched.discard(session.descriptor)

    def has_ended(self, session: Session) -> bool:
        self.unwatch(session)
        return session.descriptor in self.ended_unseen

    def is_connection(self, descriptor: int) -> bool:
        return descriptor not in self.no_connections

    def hung_up(self, session: Session) -> bool:
        return session.descriptor in self.hung_up_ones

    def discard(self, session: Session) -> None:
        self.unwatch(session)
        self.discarded.append(session.descriptor)

    def close(self, session: Session) -> None:
        self.unwatch(session)
        self.closed.append(session.descriptor)
