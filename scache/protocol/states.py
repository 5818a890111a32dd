"""The states of a conversation, what may happen in each, and where it leads: the protocol in one table.

A client asks one thing at a time. It names a request and gives its parameters; for a save_endp it then sends
the session's descriptor, after a find that hits it gets one. Descriptors can't be read like bytes, so in most
builds of Postfix whoever is to receive one says so with a dummy list, and confirms it with another.
"""

from __future__ import annotations

__all__ = [
    "BAD",
    "CLOSED",
    "CONFIRMATION",
    "DESCRIPTOR",
    "DUMMY",
    "END",
    "HANDING_OVER",
    "HIT",
    "KNOWN",
    "MISS",
    "NOT_RECEIVED",
    "NOT_SENT",
    "NO_DUMMY",
    "NO_REQUEST",
    "PARAMETERS",
    "PUT_BACK",
    "READY",
    "RECEIVED",
    "REQUEST",
    "SAVE_DEST",
    "SAVE_ENDP",
    "SENT",
    "TOLD",
    "UNKNOWN",
    "Event",
    "State",
    "transitions",
]


class State:
    """What a conversation waits for."""

    __slots__ = ("meaning",)

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning


class Event:
    """What may happen in a state."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


REQUEST = State("the name of a request is due")
PARAMETERS = State("the parameters of the request are due")
DESCRIPTOR = State("the client's descriptor is due")
READY = State("the client's dummy is due, which asks for the descriptor")
HANDING_OVER = State("the server is sending the descriptor")
CONFIRMATION = State("the client's dummy is due, which confirms the descriptor")
CLOSED = State("the conversation is over")

KNOWN = Event("known")
UNKNOWN = Event("unknown")
NO_REQUEST = Event("no request")
TOLD = Event("told")
END = Event("end")
BAD = Event("bad")
SAVE_DEST = Event("save_dest")
SAVE_ENDP = Event("save_endp")
MISS = Event("miss")
HIT = Event("hit")
RECEIVED = Event("received")
NOT_RECEIVED = Event("not received")
DUMMY = Event("dummy")
NO_DUMMY = Event("no dummy")
PUT_BACK = Event("put back")
SENT = Event("sent")
NOT_SENT = Event("not sent")


def transitions(*, write_wait: bool, read_wait: bool) -> dict[State, dict[Event, State]]:
    """State -> what happens -> next state, in a dialect. What isn't here can't happen."""
    hit = READY if write_wait else HANDING_OVER
    sent = CONFIRMATION if read_wait else REQUEST
    return {
        REQUEST: {KNOWN: PARAMETERS, UNKNOWN: REQUEST, NO_REQUEST: REQUEST, END: CLOSED},
        PARAMETERS: {
            BAD: REQUEST,
            SAVE_DEST: REQUEST,
            SAVE_ENDP: DESCRIPTOR,
            MISS: REQUEST,
            HIT: hit,
            TOLD: REQUEST,
        },
        DESCRIPTOR: {RECEIVED: REQUEST, NOT_RECEIVED: REQUEST},
        READY: {DUMMY: HANDING_OVER, NO_DUMMY: REQUEST, PUT_BACK: REQUEST},
        HANDING_OVER: {SENT: sent, NOT_SENT: REQUEST},
        CONFIRMATION: {DUMMY: REQUEST, NO_DUMMY: REQUEST},
        CLOSED: {},
    }
