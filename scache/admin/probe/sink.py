"""A mail server that takes everything, over SMTP or LMTP, and counts connections and mails."""

from __future__ import annotations

import socketserver
import ssl
import threading

__all__ = ["Sink", "TcpSink", "UnixSink"]


class Sink:
    """What was counted. context: for STARTTLS; wrapped: TLS is spoken from the first byte."""

    def __init__(self, context: ssl.SSLContext | None, *, wrapped: bool) -> None:
        self.context = context
        self.wrapped = wrapped
        self.connections = 0
        self.mails = 0
        self._changed = threading.Condition()

    def count(self, *, connections: int = 0, mails: int = 0) -> None:
        """Add to the figures."""
        with self._changed:
            self.connections += connections
            self.mails += mails
            self._changed.notify_all()

    def wait_for(self, mails: int, seconds: float) -> bool:
        """Wait for so many mails; whether they have come."""
        with self._changed:
            return self._changed.wait_for(lambda: self.mails >= mails, seconds)


class _Session(socketserver.BaseRequestHandler):
    """A server's side of a session."""

    def handle(self) -> None:
        assert isinstance(self.server, _Serving)
        sink, connection = self.server.sink, self.request
        sink.count(connections=1)
        if sink.wrapped and sink.context:
            connection = sink.context.wrap_socket(connection, server_side=True)
        self._stream = connection.makefile("rwb")
        self._say("220 probe ESMTP")
        is_safe = sink.wrapped
        while line := self._stream.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"STARTTLS" and sink.context and not is_safe:
                self._say("220 go on")
                connection = sink.context.wrap_socket(connection, server_side=True)
                self._stream, is_safe = connection.makefile("rwb"), True
            elif verb in (b"EHLO", b"LHLO"):
                self._say("250-probe")
                if sink.context and not is_safe:
                    self._say("250-STARTTLS")
                self._say("250 AUTH PLAIN LOGIN")
            elif verb == b"AUTH":
                self._log_in(line.split())
            elif verb == b"DATA":
                self._take_mail(sink)
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _say(self, text: str) -> None:
        self._stream.write(text.encode() + b"\r\n")
        self._stream.flush()

    def _log_in(self, words: list[bytes]) -> None:
        """Whoever it is."""
        missing = {b"PLAIN": 3, b"LOGIN": 4}.get(words[1].upper(), 2) - len(words)
        for _ in range(missing):
            self._say("334 ")
            self._stream.readline()
        self._say("235 welcome")

    def _take_mail(self, sink: Sink) -> None:
        self._say("354 go on")
        while self._stream.readline() not in (b".\r\n", b""):
            pass
        sink.count(mails=1)
        self._say("250 taken")


class _Serving(socketserver.ThreadingMixIn):
    daemon_threads = True
    sink: Sink


class TcpSink(_Serving, socketserver.TCPServer):
    """At an address and port, of either family."""

    allow_reuse_address = True

    def __init__(self, sink: Sink, address: tuple[str, int], family: int) -> None:
        self.sink = sink
        self.address_family = family
        super().__init__(address, _Session)


class UnixSink(_Serving, socketserver.UnixStreamServer):
    """At a path."""

    def __init__(self, sink: Sink, path: str) -> None:
        self.sink = sink
        super().__init__(path, _Session)
