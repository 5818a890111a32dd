"""Where the cache is that is asked how it is, and what can be learnt of one that doesn't tell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scache.admin.check.installation import PROGRAM_NAME
from scache.admin.check.roles import CACHE_PROGRAMS
from scache.admin.configuration import Effective
from scache.admin.instance import PostfixInstance, add_config_directory
from scache.client import TELLS_NOTHING, Client
from scache.errors import ProtocolError, UnavailableError
from scache.maillog.line import Line
from scache.maillog.source import read, read_journal
from scache.maillog.summary import Summary
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6

__all__ = ["Asked", "Silent", "add_source"]

_PATIENCE = 5.0  # seconds for an answer
_TIMES = (
    "connection_cache_ttl_limit",
    "smtp_connection_cache_time_limit",
    "smtp_connection_cache_on_demand",
    "smtp_connection_cache_destinations",
    "smtp_connection_reuse_time_limit",
    "smtp_connection_reuse_count_limit",
    "lmtp_connection_cache_time_limit",
    "smtp_tls_connection_reuse",
)


class Silent(ProtocolError):
    """A cache that answers, but tells nothing of itself, as Postfix's."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """The options that say which cache is meant."""
    parser.add_argument(
        "--socket", type=Path, metavar="PATH", help="socket of the cache (default: the instance's)"
    )
    add_config_directory(parser)


class Asked:
    """The cache that a command line means. `path`: its socket.

    Raises UnavailableError where the instance's configuration can't be read.
    """

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._dialect = POSTFIX_3_6
        self._instance: PostfixInstance | None = None
        if arguments.socket is not None:
            self.path = arguments.socket
            return
        self._instance = PostfixInstance.at(arguments.config_directory)
        configuration = self._instance.configuration
        self.path = self._instance.path("queue_directory") / "private" / configuration.cache_service
        if not configuration.speaks_first:
            self._dialect = POSTFIX_2

    def status(self, part: bytes = b"") -> dict[str, Any]:
        """What it tells. Raises Silent where it tells nothing, UnavailableError where it can't be asked.

        One that master.cf says won't tell isn't asked, but for being there: it would log a warning.
        """
        try:
            with Client(str(self.path), dialect=self._dialect, timeout=_PATIENCE) as client:
                try:
                    if self._keeps_silent():
                        raise ProtocolError(TELLS_NOTHING)
                    return client.status(part)
                except ProtocolError as error:
                    raise Silent(f"{self.path}: answers, but {error}") from None
        except OSError as error:
            raise UnavailableError(f"{self.path}: {error.strerror or error}") from None

    def _keeps_silent(self) -> bool:
        """Whether the instance runs Postfix's own scache, or this one without scache_status_request."""
        if self._instance is None:
            return False
        configuration = self._instance.configuration
        entry = configuration.service(configuration.cache_service)
        if entry is None or entry.program not in CACHE_PROGRAMS:
            return False  # a program by another name may tell
        return entry.program != PROGRAM_NAME or not Effective(configuration, entry).is_yes(
            "scache_status_request"
        )

    def parameters(self) -> Iterator[str]:
        """What its instance's configuration says about it; nothing for a socket alone."""
        if self._instance is None:
            return
        configuration = self._instance.configuration
        cache = Effective(configuration, configuration.service(configuration.cache_service))
        for name in _TIMES:
            effective = cache if name == "connection_cache_ttl_limit" else configuration.main()
            yield f"{name} = {effective.text(name)}"

    def log_lines(self, named: Path | None) -> Iterator[str]:
        """What the mail log says of lookups and reuse, in a few lines: the one that is named, else the
        instance's, else the journal. One line says why there is none.
        """
        summary = Summary()
        try:
            summary.add(self._log(named))
        except UnavailableError as error:
            yield f"no mail log is known (--log FILE): {error}"
        else:
            yield from _lookup_lines(summary)

    def _log(self, named: Path | None) -> Iterator[Line]:
        if named is not None:
            return read(named)
        if self._instance is None:
            raise UnavailableError("the socket alone names none")
        settings = self._instance.configuration.main()
        file = settings.text("maillog_file")
        if file.startswith("/dev/"):
            raise UnavailableError(f"Postfix writes it to {file}")
        return read(Path(file)) if file else read_journal(settings.text("syslog_name"))


def _lookup_lines(summary: Summary) -> Iterator[str]:
    whole = summary.whole()
    if not summary.caches:
        yield "no statistics in the log yet (connection_cache_status_update_time)"
    for by, what in (("domain", "destination"), ("address", "endpoint")):
        hits, misses = whole.cache.lookups[by, True], whole.cache.lookups[by, False]
        if lookups := hits + misses:
            yield f"lookups by {what}: {hits} hits, {misses} misses, {hits / lookups:.1%} (by the log)"
    if whole.mails:
        yield f"{whole.reused} of {whole.mails} mails over a connection that was used before (by the log)"
    for kind, seen in summary.warnings.items():
        yield f"{seen.times} times: {seen.text}"
        yield f"  {kind.meaning} {kind.cure}"
