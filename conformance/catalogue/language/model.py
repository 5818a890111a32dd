"""What a case of the catalogue is: an id, a sentence, the requirements it checks, the steps of a dialogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from scache.protocol.dialect import Dialect

__all__ = [
    "Advance",
    "Case",
    "Close",
    "Connect",
    "Ended",
    "Expect",
    "HangUp",
    "Heard",
    "Held",
    "Log",
    "LoseMaster",
    "OnProcess",
    "PassTime",
    "ProcessStep",
    "ReplayTrace",
    "Reply",
    "Send",
    "Shutdown",
    "Step",
    "Terminate",
]


@dataclass(frozen=True, slots=True)
class Reply:
    """One acceptable thing to receive: bytes, sessions by token, and whether input has ended."""

    data: bytes = b""
    tokens: tuple[str, ...] = ()
    end: bool = False


@dataclass(frozen=True, slots=True)
class Connect:
    """A client connects. With `greeted`, the dialect's announcement (or silence) is checked and taken."""

    peer: str
    greeted: bool = True


@dataclass(frozen=True, slots=True)
class Send:
    """One write of a client; with tokens, one sendmsg that carries their descriptors."""

    peer: str
    data: bytes
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """All that has arrived at a client by now is one of the outcomes, the preferred one first."""

    peer: str
    outcomes: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A client half-closes its connection."""

    peer: str


@dataclass(frozen=True, slots=True)
class Close:
    """A client closes its connection."""

    peer: str


@dataclass(frozen=True, slots=True)
class Advance:
    """The daemon's clock moves by this many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class PassTime:
    """The clock moves by this many seconds, and the daemon isn't woken."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Log:
    """The lines logged since the last look are one of the outcomes. A line that ends with `: REASON` has
    any text there, because Postfix prints a stale errno."""

    outcomes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Whether somebody but the bench still holds the session."""

    token: str
    outcomes: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Terminate:
    """The daemon gets SIGTERM."""


@dataclass(frozen=True, slots=True)
class LoseMaster:
    """The master's end of the status channel closes."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The daemon's exit status is one of these (None: it runs; negative: that signal)."""

    outcomes: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class HangUp:
    """The remote side of a session ends it."""

    token: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What has arrived at the remote side of a session since the last look is one of the outcomes."""

    token: str
    outcomes: tuple[bytes, ...]


class ProcessStep(Enum):
    """An act or a measurement on the daemon's process, by its name in the language (runner/process.py)."""

    FREEZE = "freeze"
    THAW = "thaw"
    NO_MORE_DESCRIPTORS = "no more descriptors"
    NEWEST_CLOSES_ON_EXEC = "newest descriptor closes on exec"
    FLAT_COST = "flat cost"
    COME_AND_GO = "eleven thousand clients"
    KEEP_MANY = "thousands of everything"
    NOTE_DESCRIPTORS = "note descriptors"
    COMPARE_DESCRIPTORS = "compare descriptors"
    NOTE_MEMORY = "note memory"
    COMPARE_MEMORY = "compare memory"


@dataclass(frozen=True, slots=True)
class OnProcess:
    """What a dialogue can't express."""

    what: ProcessStep


@dataclass(frozen=True, slots=True)
class ReplayTrace:
    """A recorded trace is replayed, and every answer is the recorded one."""

    file: Path


Step = (
    Connect
    | Send
    | Expect
    | Shutdown
    | Close
    | Advance
    | PassTime
    | Log
    | Held
    | HangUp
    | Heard
    | Terminate
    | LoseMaster
    | Ended
    | OnProcess
    | ReplayTrace
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `whole` says why its requests can't also be sent byte by byte; empty where they can.

    dialect: the one that the daemon must speak; None for any with both waits.

    informational: the outcome is worth knowing, and no outcome is wrong.
    """

    id: str
    sentence: str
    requirements: tuple[str, ...]
    steps: Sequence[Step]
    options: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect | None = None
    whole: str = ""
    informational: bool = False

    @property
    def group(self) -> str:
        """The first part of the id."""
        return self.id.split("/", 1)[0]

    @property
    def needs(self) -> tuple[str, ...]:
        """What a target must offer beyond connections: dialect, restart, clock, log, signals, process."""
        kinds = {type(step) for step in self.steps}
        found = {
            "dialect": self.dialect is not None,
            "restart": bool(self.options) or ReplayTrace in kinds,
            "clock": bool(kinds & {Advance, PassTime, ReplayTrace}),
            "log": Log in kinds,
            "signals": bool(kinds & {Terminate, LoseMaster, Ended}),
            "process": OnProcess in kinds,
        }
        return tuple(name for name, needed in found.items() if needed)
