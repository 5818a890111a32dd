"""Daemons started as master(8) does it, for tests that look at one process from outside."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Mapping, Sequence

from conformance.contract.target import START
from conformance.postfix.clocked_daemon import FileClock
from conformance.postfix.directories import Instance
from conformance.postfix.master import Child, Command, arguments, own_daemon, spawn
from conformance.postfix.rest import ProcessWatch, Rest, wait_for_rest
from conformance.targets.spawned import why_the_user_cannot_change

__all__ = ["CLOCKED", "OURS", "SERVE", "Started"]

#: This project's daemon, isolated as the installed one is.
OURS = own_daemon("scache.postfix.__main__")
#: The same with a clock that stands in its queue directory, and moves when the test says so.
CLOCKED = own_daemon("conformance.postfix.clocked_daemon")
#: What master(8) gives its scache where the service is not in a chroot.
SERVE = tuple(arguments({}, change_user=why_the_user_cannot_change() is None))
_PATIENCE = 20.0  # seconds: far more than anything here takes


class Started:
    """One daemon, with a private queue directory and main.cf. To be used in a `with` statement.

    main_cf: lines to add. environment: variables to change, None to remove. `clock` moves what is CLOCKED.
    """

    def __init__(
        self,
        command: Command = OURS,
        words: Sequence[str] = SERVE,
        *,
        main_cf: str = "",
        environment: Mapping[str, str | None] | None = None,
    ) -> None:
        self.instance = Instance()
        self.clock = FileClock.start(str(self.instance.queue), START)
        self._configure(main_cf)
        variables: dict[str, str | None] = {**self.instance.environment(), **(environment or {})}
        given = {name: value for name, value in variables.items() if value is not None}
        self._spawn = lambda: spawn(command, words, given, self.instance.queue, self.instance.listener)
        self.child: Child = self._spawn()
        self._log: list[str] = []

    def _configure(self, lines: str) -> None:
        file = self.instance.config / "main.cf"
        old = file.stat()
        with file.open("a", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(lines)
        os.utime(file, (old.st_atime, old.st_mtime))

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_error: object) -> None:
        self.child.kill()
        self.instance.close()

    def start_successor(self) -> None:
        """Start another daemon on the same socket, as master(8) does once this one has ended."""
        self.child.kill()
        self.child = self._spawn()

    def connect(self) -> socket.socket:
        """A client."""
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(_PATIENCE)
        client.connect(str(self.instance.path))
        return client

    def exit_status(self) -> int | None:
        """The exit status, once the daemon has ended."""
        status = self.child.exit_status()
        if status is None:
            watch = os.pidfd_open(self.child.pid)
            try:
                ended, _, _ = select.select([watch], [], [], _PATIENCE)
            finally:
                os.close(watch)
            assert ended, "the daemon has not ended"
            status = self.child.exit_status()
        return status

    def log(self) -> list[str]:
        """All log texts so far."""
        self._log += self.instance.read_log()
        return self._log

    def wait_for_log(self, text: str) -> None:
        """Wait until a log text begins like this."""
        while not any(line.startswith(text) for line in self.log()):
            self.wait_for_more_log(text)

    def wait_for_more_log(self, wanted: str = "") -> None:
        """Wait until there is a log text that hasn't been read."""
        ready, _, _ = select.select([self.instance.log_socket], [], [], _PATIENCE)
        assert ready, f"no log line {wanted!r} among {self._log}"

    def poke(self) -> None:
        """Let the daemon look at the clock, and wait until it is at rest again or has ended."""
        self.child.send_signal(signal.SIGALRM)
        self.settle()

    def settle(self) -> None:
        """Wait until the daemon is at rest or has ended."""
        if self.child.exit_status() is not None:
            return
        watch = ProcessWatch(self.child.pid)
        try:
            wait_for_rest(watch, lambda: self._rest(watch), lambda _rest: True, self.instance.log_socket)
        finally:
            watch.close()

    def _rest(self, watch: ProcessWatch) -> Rest | None:
        return watch.rest() if self.child.exit_status() is None else Rest.ENDED

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.child.send_signal(number)
