"""`scache record`: put a recording proxy in front of a connection cache."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scache import __version__
from scache.admin.instance import PostfixInstance
from scache.admin.interposition import Interposition
from scache.commands.terminal import say
from scache.daemon.socket_file import SocketFile
from scache.errors import UsageError
from scache.protocol.dialect import POSTFIX_2, POSTFIX_3_6
from scache.trace.format.events import Header
from scache.trace.record.listening import access_like
from scache.trace.record.priority import ahead_of_the_rest
from scache.trace.record.recorder import Recorder
from scache.trace.record.recording import Recording
from scache.trace.record.tick_clock import TickClock

__all__ = ["add_arguments", "run"]

#: Seconds that clients are given to leave after the recorder was taken away.
FAREWELL = 10.0

#: Signals after which the recording ends in order. SIGHUP is what a terminal that is closed sends.
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.epilog = (
        "Example: scache record --postfix /etc/postfix --output traffic.jsonl.gz. Exit status: 0 the "
        "trace is whole, 1 Postfix made its sockets anew meanwhile, 2 it can't be recorded."
    )
    parser.add_argument("--listen", type=Path, metavar="PATH", help="socket that clients connect to")
    parser.add_argument("--upstream", type=Path, metavar="PATH", help="socket of the connection cache")
    parser.add_argument(
        "--postfix",
        type=Path,
        metavar="CONFIG_DIR",
        help="instead of the two: stand in front of this running Postfix, until stopped",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", required=True, help="new trace; .gz and .zst are compressed"
    )
    parser.add_argument(
        "--rotate", type=_size, metavar="SIZE", help="begin a new part after so many bytes (k, M, G)"
    )
    parser.add_argument("--redact", action="store_true", help="write pseudonyms for all names")
    parser.add_argument("--scenario", metavar="TEXT", help="what is recorded, for the trace's header")
    parser.add_argument(
        "--postfix-release", metavar="TEXT", help="release of the Postfix, for the trace's header"
    )
    parser.add_argument(
        "--no-announcement",
        action="store_true",
        help="the server is older than Postfix 3.6: it doesn't speak first",
    )


def run(arguments: argparse.Namespace) -> int:
    """Record until a signal says to end; 0, or 1 where Postfix took its socket's name back before.

    Raises UsageError and UnavailableError.
    """
    if (arguments.postfix is None) == (arguments.listen is None or arguments.upstream is None):
        raise UsageError("record: give either --listen and --upstream, or --postfix")
    with contextlib.ExitStack() as stack:
        if arguments.postfix is None:
            listen, upstream = arguments.listen, arguments.upstream
            silent, release = arguments.no_announcement, arguments.postfix_release
            front = None
            listener = stack.enter_context(SocketFile(str(listen), access_like(upstream)))
        else:
            front = stack.enter_context(Interposition(PostfixInstance.at(arguments.postfix), say))
            listen, upstream, listener = front.path, front.upstream, front.listener
            configuration = front.instance.configuration
            silent, release = not configuration.speaks_first, configuration.main().text("mail_version")
        header = Header(
            recorder=f"scache {__version__}",
            start=0.0,
            dialect=POSTFIX_2 if silent else POSTFIX_3_6,
            postfix=release,
            scenario=arguments.scenario,
        )
        accepting = stack.enter_context(socket.socket(fileno=listener))
        accepting.setblocking(False)
        recording = Recording(
            arguments.output, header, TickClock(), say, rotate=arguments.rotate, redact=arguments.redact
        )
        stack.callback(recording.close)
        recorder = Recorder(accepting, upstream, recording, say)
        stack.callback(recorder.close)
        for number in _ENDING:
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: recorder.stop()))
        remark = "" if stack.enter_context(ahead_of_the_rest()) else " (a high priority is not permitted)"
        say(f"recording what comes to {listen} in {arguments.output}{remark}")
        if front is not None:
            return _record_in_front(recorder, front)
        recorder.run()
    return 0


def _record_in_front(recorder: Recorder, front: Interposition) -> int:
    """Record while Postfix reloads beside it, at the beginning and in the end: no client waits for that."""
    with ThreadPoolExecutor(max_workers=1) as commands:
        installed = commands.submit(front.instance.reload)
        installed.add_done_callback(lambda done: recorder.stop() if done.exception() else say("in front"))
        recorder.run(until=_once_a_second(lambda: not front.is_there))
        replaced = not front.is_there
        if replaced:
            say(f"{front.path}: Postfix was started again and listens there itself; the recording ends")
        front.withdraw()
        removed = commands.submit(front.instance.reload if not replaced else lambda: None)
        removed.add_done_callback(lambda _: recorder.stop())
        while not removed.done():
            recorder.run()  # a second signal must not end it before Postfix has reloaded
        end = time.monotonic() + FAREWELL
        recorder.run(until=lambda: not recorder.connections or time.monotonic() > end)
    for done in (installed, removed):
        done.result()
    return int(replaced)


def _once_a_second(look: Callable[[], bool]) -> Callable[[], bool]:
    """`look`, asked no more often than that; false in between."""
    due = time.monotonic()

    def looked() -> bool:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return False
        due = now + 1
        return look()

    return looked


def _size(text: str) -> int:
    number, unit = (text[:-1], text[-1].lower()) if text[-1:].isalpha() else (text, "")
    if not number.isdigit() or unit not in _UNITS or int(number) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 500k, 100M or 2G")
    return int(number) * _UNITS[unit]
