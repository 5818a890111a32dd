"""`scache exporter`: a cache's figures for Prometheus."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from scache.commands.asking import Asked, add_source
from scache.commands.metrics import LogMetrics, StatusMetrics
from scache.commands.terminal import say
from scache.errors import UsageError

__all__ = ["add_arguments", "run"]

_DEFAULT = "127.0.0.1:9748"

#: Seconds between two looks at a log, so that none of its rotations is missed.
_PAUSE = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache exporter --listen 127.0.0.1:9748 --log /var/log/mail.log. It runs until SIGTERM or "
        "SIGINT. Exit status: 2 where it can't begin, else that of the signal."
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default=_address(_DEFAULT),
        metavar="ADDRESS:PORT",
        help=f"where Prometheus asks (default: {_DEFAULT})",
    )
    add_source(parser)
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="follow a mail log instead of asking, for Postfix's own scache",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it. Raises UnavailableError, UsageError, OSError where it can't begin."""
    registry = CollectorRegistry(auto_describe=False)
    log = LogMetrics(arguments.log) if arguments.log is not None else None
    registry.register(log or StatusMetrics(Asked(arguments)))
    address, port = arguments.listen
    try:
        server, _thread = start_http_server(port, address, registry)
    except OSError as error:
        raise UsageError(f"--listen {address}:{port}: {error.strerror or error}") from None
    say(f"exporter: listens on {address}:{server.server_port}")
    while True:
        time.sleep(_PAUSE)
        if log is not None:
            log.look()


def _address(text: str) -> tuple[str, int]:
    address, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS:PORT")
    return address.strip("[]"), int(port)
