"""`scache serve`: the daemon on a socket of its own, without Postfix's master(8)."""

from __future__ import annotations

import argparse
import gc
import resource
import signal
from collections.abc import Callable, Sequence

from scache.config.main_cf import MainCf, split_setting
from scache.config.parameters import BY_NAME, service_settings
from scache.config.settings import Settings
from scache.daemon.clock import SystemClock
from scache.daemon.core_dump import forbid_core_dumps
from scache.daemon.log_outlet import Outlet, StandardError
from scache.daemon.server import Server
from scache.daemon.sessions import room_for_sessions
from scache.daemon.signals import Signals
from scache.daemon.socket_file import SocketFile
from scache.errors import ConfigurationError
from scache.protocol.attributes import printed
from scache.standalone.listening import GuardedNetwork, access_of, inherited_socket, user_ids
from scache.standalone.systemd import Supervisor

__all__ = ["add_arguments", "read_settings", "run"]

_LONGEST_LINE = 2000  # bytes

#: Fields of the settings which SIGHUP changes nothing about.
_READ_AT_START = ("core_dump", "status_request")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scache serve`."""
    parser.epilog = (
        "Example: scache serve --socket /run/scache/scache -o connection_cache_ttl_limit=10s. SIGHUP reads "
        "main.cf anew, SIGTERM and SIGINT end it. Exit status: 0 it ended so, 2 it can't begin. "
        "Parameters: scache(8)."
    )
    parser.add_argument(
        "--socket", metavar="PATH", help="listen here; without it, on the socket that systemd passes"
    )
    parser.add_argument("--owner", metavar="USER", help="owner of the socket")
    parser.add_argument("--group", metavar="GROUP", help="group of the socket")
    parser.add_argument("--mode", default="0600", help="mode of the socket, in octal (default: %(default)s)")
    parser.add_argument(
        "--allow-user",
        action="append",
        default=[],
        metavar="USER",
        help="serve this user only (name or number; may be repeated; default: whoever can connect)",
    )
    parser.add_argument("--config-directory", metavar="DIR", help="read DIR/main.cf first")
    parser.add_argument(
        "-o",
        dest="settings",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a parameter, as in master.cf (may be repeated)",
    )


class StandardLog:
    """The log, on standard error. outlet: wants the event loop's attention."""

    def __init__(self) -> None:
        self.outlet = Outlet(StandardError(), lambda text: text + b"\n")

    def __call__(self, text: str) -> None:
        """One line; neither waits nor raises.

        What doesn't print becomes a question mark, as in Postfix's log; a line beyond 2,000 bytes is cut.
        """
        data = text.encode("utf-8", "surrogateescape")[:_LONGEST_LINE]
        self.outlet.write(printed(data).encode("utf-8", "surrogateescape") + b"\n")


def read_settings(directory: str | None, assignments: Sequence[str], log: Callable[[str], None]) -> Settings:
    """The parameters of DIR/main.cf, then those of `-o`. ConfigurationError names the one that is wrong."""
    main_cf = MainCf(directory or "", lambda text: log(f"warning: {text}"))
    if directory is not None:
        main_cf.read()
    for assignment in assignments:
        name, value = split_setting(assignment)
        if name not in BY_NAME:
            raise ConfigurationError(f"-o {assignment}: unknown parameter: {name}")
        main_cf.set(name, value)
    settings = service_settings(main_cf, path=Settings().path, standalone=True)
    open_files, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
    settings.session_limit = room_for_sessions(settings.session_limit, open_files)
    return settings


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, or until idle for max_idle; returns the exit status."""
    log = StandardLog()
    settings = read_settings(arguments.config_directory, arguments.settings, log)
    if not settings.core_dump:
        forbid_core_dumps()
    allowed = user_ids(arguments.allow_user)
    supervisor = Supervisor.from_environment()
    if arguments.socket is None:
        return _serve(arguments, settings, allowed, supervisor, inherited_socket(), log)
    access = access_of(arguments.owner, arguments.group, arguments.mode)
    with SocketFile(arguments.socket, access) as listener:
        return _serve(arguments, settings, allowed, supervisor, listener, log)


def _serve(
    arguments: argparse.Namespace,
    settings: Settings,
    allowed: frozenset[int],
    supervisor: Supervisor,
    listener: int,
    log: StandardLog,
) -> int:
    server = Server(GuardedNetwork(listener, allowed, log), SystemClock(), settings, log)

    def read_again() -> None:
        supervisor.reloading()
        try:
            new = read_settings(arguments.config_directory, arguments.settings, log)
        except (ConfigurationError, OSError) as error:
            log(f"error: {error}; the old configuration stays in force")
        else:
            for field in _READ_AT_START:
                if getattr(new, field) != getattr(settings, field):
                    log(f"warning: scache_{field} is read at the start only")
            server.reconfigure(new)
        supervisor.ready()

    signals = Signals(
        {
            signal.SIGTERM: server.stop,
            signal.SIGINT: server.stop,
            signal.SIGHUP: read_again,
            signal.SIGALRM: server.pulse.beat,  # or somebody's who has moved the clock
        }
    )
    server.pulse.begin()
    server.watch(signals.handle, signals.ready)
    server.watch(log.outlet.handle, log.outlet.ready)
    supervisor.watch_over(server)
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing that the server makes per request is cyclic
    supervisor.ready()
    try:
        server.run()
        supervisor.stopping()
        server.close()
    finally:
        server.pulse.stop()
    log.outlet.close()
    return 0
