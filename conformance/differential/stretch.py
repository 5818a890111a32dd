"""One stretch: two fresh daemons get the same steps, and after each one they are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from conformance.catalogue.language.model import (
    Advance,
    Close,
    Connect,
    PassTime,
    Send,
    Shutdown,
)
from conformance.contract.target import Daemon, Peer, Received, Target
from conformance.differential.incomparable import comparable_greeting, comparable_log
from conformance.differential.unit import Action, Ask, Look, Move, Unit

__all__ = ["Difference", "Entry", "Stretch"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One step and what both daemons made of it: received, logged, and (token, open) of sessions."""

    action: Action | str
    received: tuple[Received, Received]
    logged: tuple[list[str], list[str]]
    sessions: tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]] = ((), ())
    exit_statuses: tuple[int | None, int | None] = (None, None)

    def difference(self) -> Difference | None:
        """The first thing that isn't equal, None if all is."""
        for what, (left, right) in (
            ("received", self.received),
            ("logged", self.logged),
            ("sessions", self.sessions),
            ("exit status", self.exit_statuses),
        ):
            if left != right:
                return Difference(what, repr(left), repr(right))
        return None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two daemons part, and what each of them said."""

    what: str
    left: str
    right: str


class Stretch:
    """Two daemons under the same options. Use as a context; entries are all steps so far."""

    def __init__(self, left: Target, right: Target, options: Mapping[str, str]) -> None:
        self._stack = ExitStack()
        self.daemons = tuple(self._start(target, options) for target in (left, right))
        self.entries: list[Entry] = []
        self._peers: dict[str, tuple[Peer, Peer]] = {}
        self._tokens: list[str] = []

    def _start(self, target: Target, options: Mapping[str, str]) -> Daemon:
        daemon = target.start(options)
        self._stack.callback(daemon.stop)
        return daemon

    def __enter__(self) -> Stretch:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def play(self, units: Iterable[Unit]) -> Difference | None:
        """Play the units, then let the daemons end; stops at the first difference."""
        for unit in units:
            difference = self.play_unit(unit)
            if difference is not None:
                return difference
        return self.end()

    def play_unit(self, unit: Unit) -> Difference | None:
        """Play one unit up to the first difference; its client connects where it isn't yet."""
        if not isinstance(unit, Move) and unit.peer not in self._peers:
            difference = self._take(Connect(unit.peer))
            if difference is not None:
                return difference
        steps = unit.play()
        try:
            action = next(steps)
            while True:
                difference = self._take(action)
                if difference is not None:
                    return difference
                action = steps.send(self.entries[-1].received[0])
        except StopIteration:
            return None

    def _take(self, action: Action) -> Difference | None:
        """Carry one step out on both sides and compare."""
        received = (Received(), Received())
        if isinstance(action, PassTime):
            # Who wakes for it, and when, shows in the next step: a model does at once, a daemon then.
            for daemon in self.daemons:
                daemon.pass_time(action.seconds)
            return self._enter(Entry(action, received, ([], [])))
        if isinstance(action, Advance):
            for daemon in self.daemons:
                daemon.advance(action.seconds)
        elif isinstance(action, Connect):
            left, right = (daemon.connect() for daemon in self.daemons)
            self._peers[action.peer] = left, right
            received = (
                comparable_greeting(left.receive(), self.daemons[0].dialect),
                comparable_greeting(right.receive(), self.daemons[1].dialect),
            )
        else:
            received = self._move(action)
        left_log, right_log = (comparable_log(daemon.log()) for daemon in self.daemons)
        sessions = self._sessions() if isinstance(action, Advance | Close) else ((), ())
        return self._enter(Entry(action, received, (left_log, right_log), sessions))

    def _move(self, action: Send | Ask | Look | Shutdown | Close) -> tuple[Received, Received]:
        left, right = self._peers[action.peer]
        for peer in (left, right):
            if isinstance(action, Send | Ask):
                peer.send(action.data, action.tokens if isinstance(action, Send) else ())
            elif isinstance(action, Shutdown):
                peer.shutdown()
            elif isinstance(action, Close):
                peer.close()
        if isinstance(action, Close):
            del self._peers[action.peer]
        if isinstance(action, Close | Ask):
            return Received(), Received()
        if isinstance(action, Send) and len(action.tokens) == 1:  # of several, Postfix leaks all
            self._tokens += action.tokens
        return left.receive(), right.receive()

    def _sessions(self) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
        left, right = (
            tuple((token, daemon.is_open(token)) for token in self._tokens) for daemon in self.daemons
        )
        self._tokens = [token for token, is_open in left if is_open]
        return left, right

    def end(self) -> Difference | None:
        """The master closes the status channel: statistics, and exit status 0."""
        for daemon in self.daemons:
            daemon.lose_master()
        left_log, right_log = (comparable_log(daemon.log()) for daemon in self.daemons)
        statuses = (self.daemons[0].exit_status(), self.daemons[1].exit_status())
        entry = Entry(
            "the master goes", (Received(), Received()), (left_log, right_log), exit_statuses=statuses
        )
        return self._enter(entry)

    def _enter(self, entry: Entry) -> Difference | None:
        self.entries.append(entry)
        return entry.difference()
