"""The rare situations that a campaign must have met, each at least once: else it was too tame."""

from __future__ import annotations

from enum import Enum

__all__ = ["Situation"]


class Situation(Enum):
    """What may happen in a world; the world counts how often it does."""

    SEVERAL_DUE = "several sessions fell due at once"
    DUE_WHILE_UNDER_WAY = "a session fell due while a descriptor was under way"
    SAVED_AGAIN_WHEN_DUE = "a binding was saved again in the second in which it fell due"
    PASSED_OVER = "a binding was passed over, because its endpoint had no session"
    PUT_BACK = "a session that nobody claimed was put back"
    SKIPPED = "a session that its remote side had closed was skipped"
    MADE_ROOM = "a session was closed to make room for another"
    NO_ROOM = "a save failed for want of room"
    REMOTE_CLOSED = "a remote side closed a session that somebody held"
    NO_DESCRIPTOR = "no descriptor came where one was due"
    SEVERAL_DESCRIPTORS = "several descriptors came"
    TRUNCATED = "descriptors were dropped because the table was full"
    ACCEPT_REFUSED = "accept found no free descriptor"
    ROOM_BY_EXPIRY = "a session fell due while accepting paused for want of a descriptor"
    BACKLOG_FULL = "the backlog was full"
    IN_PIECES = "a message went in pieces"
    GLUED_DUMMY = "a final dummy went glued to the next request"
    WRITE_PARTIAL = "a write of the daemon was partial"
    WRITE_BLOCKED = "a write of the daemon would have blocked"
    HAND_OVER_BLOCKED = "the descriptor's write would have blocked"
    GONE_AT_REPLY = "a client was gone when its reply was sent"
    GONE_AT_HAND_OVER = "a client was gone when its descriptor was sent"
    GONE_BEFORE_DESCRIPTOR = "a client left between request and descriptor"
    GONE_BEFORE_DUMMY = "a client left between reply and dummy"
    HALF_CLOSED = "a client half-closed"
    CLIENT_RESET = "a client read a reset"
    TIME_LIMIT = "the time limit closed a connection"
    MESSAGE_LIMIT = "the message limit closed a connection"
    CLOCK_BACK = "the clock went back"
    CLOCK_SET_FORTH = "the clock was set forth while no time passed"
    RECONFIGURED_UNDER_WAY = "the settings changed while a descriptor was under way"
    ALL_STATISTICS = "all four statistics lines were logged"
    IDLE_END = "the daemon ended because it was idle"
    ENDED_WITH_SESSIONS = "the daemon ended with sessions in its cache"
    ENDED_UNDER_WAY = "the daemon ended with a descriptor under way"
