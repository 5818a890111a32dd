"""Daemons that run as processes of their own, under a parent that plays master(8) and moves their clock."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from conformance.contract.found import UNKNOWN, Found
from conformance.contract.target import START, Daemon, Peer, Token
from conformance.postfix.clocked_daemon import FileClock
from conformance.postfix.directories import Instance
from conformance.postfix.fake_clock import FakeClock, clean_up_shared_memory, find_library
from conformance.postfix.master import Child, Command, arguments, spawn
from conformance.postfix.rest import ProcessWatch, Rest, sees_other_users, supported, wait_for_rest
from conformance.targets.peer import ClientPeer
from conformance.targets.recognition import NotAnScacheError, recognise
from conformance.targets.sessions import Sessions
from conformance.targets.settings import ALL_LINES, FOR_EVER, dialect_from, refuse_bounds
from conformance.targets.unix_connection import UnixConnection
from scache.errors import UnavailableError

__all__ = ["SpawnedDaemon", "SpawnedTarget", "why_the_user_cannot_change"]

_LONGEST_TIME_LIMIT = 5.0  # seconds of real time that `advance` waits for a blocked daemon


def why_the_user_cannot_change() -> str | None:
    """Why no daemon that gives up root's rights can be started and watched here; None where one can."""
    if os.geteuid() != 0:
        return "only root can play master(8)"
    if not sees_other_users():
        return "this process may not watch another user's (CAP_SYS_PTRACE)"
    return None


class Clock(Protocol):
    """A daemon's clock from the bench's side."""

    def advance(self, seconds: int) -> None:
        """Move on by so many seconds, or back; this wakes nobody."""

    def environment(self) -> Mapping[str, str]:
        """What the process needs in its environment to live by this clock."""


class SpawnedDaemon:
    """A Daemon that is a child process; `clock` starts the clock that it is to live by."""

    def __init__(
        self,
        command: Command,
        words: Sequence[str],
        found: Found,
        clock: Callable[[Instance], Clock],
    ) -> None:
        self.dialect = found.dialect
        self._logs = found.logs
        self._instance = Instance()
        self._clock = clock(self._instance)
        self._sessions = Sessions()
        self._peers: list[ClientPeer] = []
        self._log: list[str] = []
        environment = {**self._instance.environment(), **self._clock.environment()}
        self._child: Child = spawn(
            command,
            words,
            environment,
            self._instance.queue,
            self._instance.listener,
            self._instance.device_log,
        )
        self._watch = ProcessWatch(self._child.pid)
        self._stopped = False
        try:
            # While it starts, it may wait for others than us.
            self._wait(lambda rest: rest is not Rest.BLOCKED)
        except BaseException:
            self.stop()
            raise

    @property
    def path(self) -> Path:
        """The socket that the daemon listens on."""
        return self._instance.path

    @property
    def pid(self) -> int:
        """The daemon's process number."""
        return self._child.pid

    def connect(self) -> Peer:
        peer = ClientPeer(UnixConnection(self._instance.path, self._sessions), self.settle)
        self._peers.append(peer)
        return peer

    def advance(self, seconds: int) -> None:
        rest = self.settle()
        self._clock.advance(seconds)
        if rest is Rest.BLOCKED:
            rest = self._wait_for_time_limit(seconds)
        if rest is Rest.IDLE:
            # Moving the clock wakes nobody. This signal is the watchdog's; one of them only ends the waiting.
            self._child.send_signal(signal.SIGALRM)
            self.settle()

    def pass_time(self, seconds: int) -> None:
        self._clock.advance(seconds)

    def log(self) -> list[str]:
        self.settle()
        if not self._logs:
            raise UnavailableError("its log comes neither by syslog(3) nor to postlogd(8)'s socket")
        texts, self._log = self._log, []
        return texts

    def is_open(self, token: Token) -> bool:
        self.settle()
        return self._sessions.is_open(token)

    def hang_up(self, token: Token) -> None:
        self._sessions.hang_up(token)

    def heard(self, token: Token) -> bytes:
        self.settle()
        return self._sessions.heard(token)

    def terminate(self) -> None:
        self._child.send_signal(signal.SIGTERM)
        self.settle()

    def lose_master(self) -> None:
        self._child.close_status()
        self.settle()

    def exit_status(self) -> int | None:
        self.settle()
        return self._child.exit_status()

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self._child.kill()
        self._watch.close()
        for peer in self._peers:
            peer.close()
        self._sessions.close()
        self._instance.close()
        clean_up_shared_memory(self._child.pid)

    def settle(self) -> Rest:
        """Wait until the daemon has come to rest, reading its log and status messages all the time."""
        return self._wait(lambda _: True)

    def _wait(self, enough: Callable[[Rest], bool]) -> Rest:
        return wait_for_rest(self._watch, self._look, enough, self._instance.log_socket)

    def _look(self) -> Rest | None:
        # The look comes first: what it wrote before it came to rest is then there to be read.
        rest = self._watch.rest() if self._child.exit_status() is None else Rest.ENDED
        self._child.drain()
        lines = self._instance.read_log()
        self._log += lines
        return None if lines else rest  # it may have waited for room in the log's socket

    def _wait_for_time_limit(self, seconds: int) -> Rest:
        """Have a daemon that waits for a client reach its time limit, where the clock was moved that far.

        The kernel's time-outs don't follow the fake clock, so a short one is waited for in real time.
        """
        limit = self._watch.poll_timeout()
        if limit is None or limit > min(seconds, _LONGEST_TIME_LIMIT):
            return Rest.BLOCKED
        give_up = time.monotonic() + 2 * limit + 1
        return self._wait(lambda rest: rest is not Rest.BLOCKED or time.monotonic() > give_up)


class SpawnedTarget:
    """A program that can be run as the master's child.


    known: what it is; without that, it is found out when the target is first asked for anything.
    ours: it is this project's daemon, which takes any dialect, needs no privileges, and lives by a clock of
    the bench's own. Any other lives by libfaketime's.
    """

    def __init__(
        self, name: str, command: Command, known: Found | None = None, *, ours: bool = False
    ) -> None:
        self.name = name
        self.command = command
        self._found = known
        self._not_an_scache: str | None = None
        self._ours = ours

    def unavailable(self) -> str | None:
        reason = self._cannot_run()
        if reason is None and self._found is None and self._not_an_scache is None:
            self._recognise()
        return reason or self._not_an_scache

    def found(self) -> Found:
        """What the program is. Raises UnavailableError where it can't be run, or is no scache."""
        reason = self.unavailable()
        if self._found is None:
            raise UnavailableError(f"{self.name}: {reason}")
        return self._found

    def start(self, options: Mapping[str, str] | None = None) -> Daemon:
        options = options or {}
        if not self._ours:
            refuse_bounds(self.name, options)
        found = self.found()
        spoken = dialect_from(options, found.dialect)
        if spoken is not found.dialect and not self._ours:
            raise UnavailableError(f"{self.name}: its dialect is compiled in")
        return self._spawn(replace(found, dialect=spoken), options)

    def _spawn(self, found: Found, options: Mapping[str, str]) -> Daemon:
        given = {"max_idle": FOR_EVER, **(ALL_LINES if self._ours else {}), **options}
        words = arguments(given, change_user=why_the_user_cannot_change() is None)
        return SpawnedDaemon(self.command, words, found, self._start_clock)

    def _cannot_run(self) -> str | None:
        program = self.command.executable
        if not (program.is_file() and os.access(program, os.X_OK)):
            return f"{program} is not a program that can be run"
        if not supported():
            return "this kernel doesn't show what a process waits for (/proc/PID/syscall) in a known form"
        if self._ours:
            return None
        if self._library() is None:
            return "libfaketime is not installed (Debian package faketime)"
        return why_the_user_cannot_change()

    def _recognise(self) -> None:
        try:
            self._found = recognise(lambda options: self._spawn(UNKNOWN, options))
        except NotAnScacheError as error:
            self._not_an_scache = f"not an scache: {error}"

    def _start_clock(self, instance: Instance) -> Clock:
        if self._ours:
            return FileClock.start(str(instance.queue), START)
        library = self._library()
        assert library is not None  # or it would be unavailable
        return FakeClock(library, instance.base / "clock", START)

    def _library(self) -> Path | None:
        return self.command.clock_library or find_library()
