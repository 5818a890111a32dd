"""The servers of a scenario, started by kind."""

from __future__ import annotations

from conformance.lab.instance.certificate import make_certificate
from conformance.lab.instance.configuration import CacheEntry
from conformance.lab.instance.instance import Instance
from conformance.lab.scenarios import SinkKind
from conformance.lab.traffic.sinks import ClosingSink, Sink, SinkCounts, SmtpSink
from conformance.postfix.installations import Installation

__all__ = ["PostfixSink", "start_sink"]

MAILS_PER_CONNECTION = 5
"""After so many mails a closing sink has had enough of a connection."""


def start_sink(kind: SinkKind, installation: Installation, address: tuple[str, int]) -> Sink:
    """Start a server of this kind at this address; it listens when the call returns."""
    match kind:
        case SinkKind.PROMPT:
            return SmtpSink(installation, address)
        case SinkKind.SLOW:
            return SmtpSink(installation, address, ("-w", "1"))
        case SinkKind.LMTP:
            return SmtpSink(installation, address, ("-L",))
        case SinkKind.CLOSING:
            return ClosingSink(address, MAILS_PER_CONNECTION)
        case SinkKind.TLS:
            return PostfixSink(installation, address)


class PostfixSink:
    """A second private Postfix whose smtpd(8) offers TLS and whose discard(8) takes all mail."""

    def __init__(self, installation: Installation, address: tuple[str, int]) -> None:
        self._instance = Instance(installation)
        try:
            certificate, key = make_certificate(self._instance.directories.config)
            self._log = self._instance.start(
                f"{address[0]}:{address[1]}",
                CacheEntry(),
                {
                    "default_transport": "discard:",
                    "smtpd_tls_security_level": "may",
                    "smtpd_tls_cert_file": str(certificate),
                    "smtpd_tls_key_file": str(key),
                },
            )
        except BaseException:
            self._instance.close()
            raise

    def finish(self) -> SinkCounts:
        """End the sink, all of whose clients have gone; what it has seen."""
        self._instance.mark(self._log, "the last client has gone")
        self._instance.stop(self._log)
        self.stop()
        tally = self._log.tally
        return SinkCounts(tally.clients, tally.removed, tally.lost)

    def stop(self) -> None:
        """End the sink at once; may be called twice."""
        self._instance.close()
