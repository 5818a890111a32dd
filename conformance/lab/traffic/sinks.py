"""Where the private instance delivers to: servers that take mail, throw it away and count connections."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import Any, Protocol

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from conformance.postfix.installations import ENVIRONMENT, Installation
from scache.errors import UnavailableError

__all__ = ["ClosingSink", "Sink", "SinkCounts", "SmtpSink"]

COUNTERS = re.compile(r"sess=(\d+) quit=\d+ mesg=(\d+)")
PATIENCE = 20.0
"""Seconds that a sink is given for anything it is asked to do."""
POLL = 0.01
"""Seconds between two looks for another program's listening socket; nothing tells when it is there."""


@dataclass(frozen=True, slots=True)
class SinkCounts:
    """What a sink has seen: connections that it accepted, mails that it took, connections that were lost, if
    it logs that.
    """

    connections: int
    mails: int
    lost: int = 0


class Sink(Protocol):
    """A mail server that counts."""

    def finish(self) -> SinkCounts:
        """End the sink, all of whose clients have gone; what it has seen."""

    def stop(self) -> None:
        """End the sink at once; may be called twice."""


class SmtpSink:
    """Postfix's smtp-sink(1) as a process of its own, with its own options.

    It counts a connection when it ends, before it closes it. So a visit that has seen the end of its own
    connection knows that every client that left earlier has been counted.
    """

    def __init__(
        self, installation: Installation, address: tuple[str, int], options: tuple[str, ...] = ()
    ) -> None:
        self._address = address
        self._visits = 0
        self._output: list[str] = []
        self._process = subprocess.Popen(
            [
                installation.command("smtp-sink"),
                *("-4", "-c", "-u", installation.mail_owner),
                *options,
                f"{address[0]}:{address[1]}",
                "256",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=ENVIRONMENT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, name="sink counters", daemon=True)
        self._reader.start()
        self._wait_for_listener()

    def _read(self) -> None:
        assert self._process.stdout is not None
        # Text mode turns the carriage return that ends each set of counters into a line end.
        with self._process.stdout as counters:
            for line in counters:
                self._output = [*self._output[-4:], line]

    def _wait_for_listener(self) -> None:
        for _ in range(int(PATIENCE / POLL)):
            try:
                self._visit()
                return
            except ConnectionRefusedError:
                self._reader.join(POLL)
            if not self._reader.is_alive():
                break
        self.stop()
        raise UnavailableError(f"smtp-sink does not start: {''.join(self._output).strip()}")

    def _visit(self) -> None:
        with socket.create_connection(self._address, timeout=PATIENCE) as connection:
            self._visits += 1
            connection.sendall(b"QUIT\r\n")
            while connection.recv(4096):
                pass

    def finish(self) -> SinkCounts:
        """End the sink, all of whose clients have gone; what it has seen."""
        self._visit()
        self.stop()
        for line in reversed(self._output):
            if match := COUNTERS.search(line):
                return SinkCounts(int(match[1]) - self._visits, int(match[2]))
        raise UnavailableError(f"smtp-sink gave no counters: {''.join(self._output).strip()}")

    def stop(self) -> None:
        """End the sink at once; may be called twice."""
        self._process.kill()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)


class ClosingSink:
    """A server that says 421 and closes a connection which is to be used for more mails than it likes.

    It does so at the RSET by which smtp(8) tries a connection from the cache: a 421 later than that would
    make smtp(8) defer the mail.
    """

    def __init__(self, address: tuple[str, int], mails_per_connection: int) -> None:
        self._limit = mails_per_connection
        self._lock = threading.Lock()
        self._connections = 0
        self._mails = 0
        self._controller = _ClosingController(self, hostname=address[0], port=address[1])
        self._controller.start()
        # start() has tried the server by a connection of its own.
        self._connections = 0

    def connected(self) -> None:
        """Count a connection."""
        with self._lock:
            self._connections += 1

    async def handle_RSET(self, server: _CountedSMTP, _session: Session, _envelope: Envelope) -> str:
        """Say that the connection is still good, or close it where it has had enough."""
        if server.mails < self._limit:
            return "250 2.0.0 Ok"
        await server.push("421 4.7.0 enough mails for one connection")
        assert server.transport is not None
        server.transport.close()
        return "421 4.7.0 closed"

    async def handle_DATA(self, server: _CountedSMTP, _session: Session, _envelope: Envelope) -> str:
        """Take a mail and throw it away."""
        server.mails += 1
        with self._lock:
            self._mails += 1
        return "250 2.0.0 Ok"

    def finish(self) -> SinkCounts:
        """End the sink, all of whose clients have gone; what it has seen."""
        self.stop()
        return SinkCounts(self._connections, self._mails)

    def stop(self) -> None:
        """End the sink at once; may be called twice."""
        if self._controller.loop.is_running():
            self._controller.stop()


class _CountedSMTP(SMTP):
    """One connection."""

    mails = 0

    def connection_made(self, transport: Any) -> None:
        self.event_handler.connected()
        super().connection_made(transport)


class _ClosingController(Controller):
    def factory(self) -> SMTP:
        return _CountedSMTP(self.handler, hostname="sink.example", enable_SMTPUTF8=False)
