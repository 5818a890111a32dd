"""`scache replay`: send a trace to a daemon again and compare every reply and descriptor."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from scache.commands.numbers import count, duration, positive
from scache.commands.progress import with_progress
from scache.commands.terminal import say
from scache.config.settings import Settings
from scache.daemon.clock import SystemClock
from scache.errors import UsageError
from scache.trace.format.events import Header
from scache.trace.format.reader import TraceReader
from scache.trace.replay.replaying import IGNORABLE, Daemon, Difference, Replay
from scache.trace.replay.running_daemon import RunningDaemon
from scache.trace.replay.simulated_daemon import TokenDaemon

__all__ = ["add_arguments", "run"]

SIMULATED = "simulated"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache replay traffic.jsonl.gz --target simulated. Exit status: 0 nothing differs, 1 "
        "something does, 2 nothing can be compared."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="trace")
    parser.add_argument(
        "--target",
        default=SIMULATED,
        metavar=f"{SIMULATED}|PATH",
        help="this project's daemon in memory, on a virtual clock (default), or a running one's socket",
    )
    parser.add_argument(
        "--speed",
        type=duration,
        default=1.0,
        metavar="FACTOR",
        help="on a socket: times as fast as recorded (1)",
    )
    parser.add_argument(
        "--ttl-limit",
        type=positive,
        default=2,
        metavar="SECONDS",
        help="simulated: connection_cache_ttl_limit (2)",
    )
    parser.add_argument(
        "--ignore",
        action="append",
        choices=IGNORABLE,
        default=[],
        help="; ".join(f"{name}: {meaning}" for name, meaning in IGNORABLE.items()),
    )
    parser.add_argument(
        "--show", type=count, default=10, metavar="COUNT", help="how many differences to show in full (10)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Replay; 0 where nothing differs, 1 otherwise.

    Raises UsageError where there is nothing to compare, TraceError, OSError.
    """
    began = time.monotonic()
    differences = 0
    with TraceReader(arguments.file, say) as trace, _target(arguments, trace.header) as daemon:
        replay = Replay(trace.header, daemon, arguments.ignore)
        for difference in replay.play(with_progress(trace), lambda: trace.line):
            differences += 1
            if differences <= arguments.show:
                _show(arguments.file, difference)
        replay.close()
    if not replay.compared:
        raise UsageError(f"{arguments.file}: no answer in it to compare")
    if differences > arguments.show:
        print(f"... and {differences - arguments.show} more")
    print(
        f"{arguments.file}: {differences} of {replay.compared} answers differ;"
        f" {replay.latest:.1f} s of traffic replayed in {time.monotonic() - began:.2f} s"
    )
    return 1 if differences else 0


@contextlib.contextmanager
def _target(arguments: argparse.Namespace, header: Header) -> Iterator[Daemon]:
    daemon: TokenDaemon | RunningDaemon
    if arguments.target == SIMULATED:
        settings = Settings(ttl_limit=arguments.ttl_limit, max_idle=0, dialect=header.dialect)
        daemon = TokenDaemon(settings, header.start)
    else:
        daemon = RunningDaemon(Path(arguments.target), SystemClock(), time.sleep, arguments.speed)
    with contextlib.closing(daemon):
        yield daemon


def _show(file: Path, difference: Difference) -> None:
    event = difference.event
    print(f"{file}:{difference.line}: connection {event.connection} at {event.at:.6f} s")
    for line in difference.before:
        print(f"    {line}")
    print(f"  recorded: {difference.recorded}")
    print(f"  got:      {difference.got}")
