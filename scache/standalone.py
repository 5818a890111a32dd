"""`scache serve`: the daemon on a socket of its own, without Postfix's master(8)."""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from collections.abc import Sequence

from scache.clock import SystemClock
from scache.dialect import Dialect
from scache.errors import ConfigurationError, UsageError
from scache.listening import GuardedNetwork, SocketFile, inherited_socket, user_ids
from scache.postfix.main_cf import MainCf, split_setting
from scache.postfix.parameters import seconds
from scache.server import Server
from scache.settings import Settings
from scache.signals import Signals
from scache.systemd import Supervisor

__all__ = ["add_arguments", "read_settings", "run"]

_DEFAULTS = {
    "connection_cache_ttl_limit": "2s",
    "connection_cache_status_update_time": "600s",
    "max_idle": "0",
    "ipc_timeout": "3600s",
    "scache_announce": "yes",
    "scache_write_wait": "yes",
    "scache_read_wait": "yes",
    "scache_message_limit": "1048576",
    "scache_keep_unclaimed": "no",
    "scache_skip_closed": "no",
    "scache_goodbye": "",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scache serve`."""
    parser.epilog = (
        "Parameters: "
        + ", ".join(f"{name} ({default or 'empty'})" for name, default in _DEFAULTS.items())
        + ". A max_idle of 0 means: never end for want of clients. SIGHUP reads main.cf anew and keeps all "
        "sessions; SIGTERM and SIGINT log the statistics and end the daemon."
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


def log(text: str) -> None:
    """One line of the log, on standard error."""
    print(text, file=sys.stderr, flush=True)


def read_settings(directory: str | None, assignments: Sequence[str]) -> Settings:
    """The parameters of DIR/main.cf, then those of `-o`. ConfigurationError names the one that is wrong."""
    main_cf = MainCf(directory or "", lambda text: log(f"warning: {text}"))
    if directory is not None:
        main_cf.read()
    for assignment in assignments:
        name, value = split_setting(assignment)
        if name not in _DEFAULTS:
            raise ConfigurationError(f"-o {assignment}: unknown parameter: {name}")
        main_cf.set(name, value)
    parameters = _Parameters(main_cf)
    return Settings(
        ttl_limit=parameters.time("connection_cache_ttl_limit", 1),
        status_update_time=parameters.time("connection_cache_status_update_time", 1),
        max_idle=parameters.time("max_idle", 0),
        ipc_timeout=parameters.time("ipc_timeout", 1),
        dialect=Dialect(
            announcement=parameters.choice("scache_announce"),
            write_wait=parameters.choice("scache_write_wait"),
            read_wait=parameters.choice("scache_read_wait"),
        ),
        message_limit=parameters.size("scache_message_limit", 4096),
        keep_unclaimed=parameters.choice("scache_keep_unclaimed"),
        skip_closed=parameters.choice("scache_skip_closed"),
        goodbye=parameters.line("scache_goodbye"),
    )


class _Parameters:
    def __init__(self, main_cf: MainCf) -> None:
        self._main_cf = main_cf

    def _text(self, name: str) -> str:
        return self._main_cf.value(name, _DEFAULTS[name])

    def time(self, name: str, minimum: int) -> int:
        text = self._text(name)
        value = seconds(text)
        if value is None:
            raise ConfigurationError(f"parameter {name}: bad time value or unit: {text}")
        if value < minimum:
            raise ConfigurationError(f"invalid {name}: {value} (min {minimum})")
        return value

    def choice(self, name: str) -> bool:
        text = self._text(name)
        if text not in ("yes", "no"):
            raise ConfigurationError(f"bad boolean configuration: {name} = {text}")
        return text == "yes"

    def line(self, name: str) -> bytes:
        text = self._text(name)
        return f"{text}\r\n".encode("utf-8", "surrogateescape") if text else b""

    def size(self, name: str, minimum: int) -> int:
        text = self._text(name)
        if not text.isdecimal():
            raise ConfigurationError(f"bad numerical configuration: {name} = {text}")
        if int(text) < minimum:
            raise ConfigurationError(f"invalid {name} parameter value {text} < {minimum}")
        return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, or until idle for max_idle; returns the exit status."""
    settings = read_settings(arguments.config_directory, arguments.settings)
    allowed = user_ids(arguments.allow_user)
    supervisor = Supervisor.from_environment()
    if arguments.socket is None:
        return _serve(arguments, settings, allowed, supervisor, inherited_socket())
    try:
        mode = int(arguments.mode, 8)
    except ValueError as error:
        raise UsageError(f"--mode {arguments.mode}: not an octal number") from error
    with SocketFile(arguments.socket, arguments.owner, arguments.group, mode) as listener:
        return _serve(arguments, settings, allowed, supervisor, listener)


def _wake() -> None:
    """Nothing but a turn of the loop: for whoever has moved the clock."""


def _serve(
    arguments: argparse.Namespace,
    settings: Settings,
    allowed: frozenset[int],
    supervisor: Supervisor,
    listener: int,
) -> int:
    server = Server(GuardedNetwork(listener, allowed, log), SystemClock(), settings, log)

    def read_again() -> None:
        supervisor.reloading()
        try:
            server.reconfigure(read_settings(arguments.config_directory, arguments.settings))
        except (ConfigurationError, OSError) as error:
            log(f"error: {error}; the old configuration stays in force")
        supervisor.ready()

    signals = Signals(
        {
            signal.SIGTERM: server.stop,
            signal.SIGINT: server.stop,
            signal.SIGHUP: read_again,
            signal.SIGALRM: _wake,
        }
    )
    server.watch(signals.handle, signals.ready)
    supervisor.watch_over(server)
    gc.collect()
    gc.freeze()
    gc.disable()  # nothing that the server makes per request is cyclic
    supervisor.ready()
    server.run()
    supervisor.stopping()
    server.close()
    return 0
