"""A scache(8) under master(8): what multi_server.c does around the service, in its order."""

from __future__ import annotations

import gc
import os
import time

from scache.checking import TYPE_CHECKING
from scache.config.generic import FACILITIES, Parameters, logs_utf8
from scache.config.main_cf import DEFAULT_DIRECTORY, MainCf
from scache.config.parameters import service_settings
from scache.daemon.core_dump import forbid_core_dumps
from scache.daemon.network import UnixNetwork
from scache.daemon.server import HANDOVER_TIME, Server
from scache.daemon.sessions import clients_beside, room_for_sessions
from scache.daemon.signals import Signals
from scache.errors import ConfigurationError, LocalError
from scache.postfix import master
from scache.postfix.command_line import PROGRAM, CommandLine
from scache.postfix.mail_log import Console, MailLog, PostlogService, Syslog
from scache.postfix.privileges import drop_privileges
from scache.postfix.standard_streams import serve_standard_streams
from scache.postfix.verbose import VerboseLog
from scache.postfix.watchdog import Watchdog

if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping, Sequence

    from scache.config.settings import Settings
    from scache.daemon.interfaces import Clock
    from scache.daemon.stream import UnixStream
else:
    import _signal as signal  # without its enums, whose import takes longer than all of the daemon's own

__all__ = ["run"]


def run(arguments: Sequence[str], environment: Mapping[str, str], clock: Clock) -> int:
    """Be a Postfix daemon until master goes, SIGTERM comes, or max_idle has passed; returns the exit status.

    arguments: without the program's own name. What Postfix calls fatal is logged with its text, and the
    status is 1.
    """
    log = _first_log(environment)
    try:
        main_cf = MainCf(
            environment.get("MAIL_CONFIG", DEFAULT_DIRECTORY), lambda text: log(f"warning: {text}")
        )
        main_cf.set("process_name", PROGRAM)
        main_cf.read()
        command_line = _read_command_line(arguments, main_cf, log)
        log.utf8 = logs_utf8(main_cf)
        parameters = Parameters(main_cf)
        _configure_log(parameters, log)
        path = "unknown_stream" if command_line.on_standard_streams else f"{command_line.service_name} socket"
        settings = service_settings(main_cf, path=path)
        if settings.status_request:
            import scache.cache.observers
            import scache.daemon.status  # noqa: F401  # nothing can be imported after a chroot
        command_line.check()
        generation = master.process_generation(environment)
        _enter_queue_directory(command_line, parameters)
        if not settings.core_dump:
            forbid_core_dumps()
        observer = VerboseLog(log) if command_line.verbose else None
        if command_line.on_standard_streams:
            serve_standard_streams(settings, clock, log, observer)
        else:
            _serve(command_line, parameters, settings, generation, clock, log, observer)
        return 0
    except LocalError as error:
        log(f"fatal: {error}")
    except Exception as error:  # nobody reads a traceback on master's /dev/null
        log(f"panic: {type(error).__name__}: {error}")
    finally:
        log.close()
    return 1


def _first_log(environment: Mapping[str, str]) -> MailLog:
    """The log until main.cf is read: postlogd if the environment names it, else syslogd."""
    tag = f"{environment.get('MAIL_LOGTAG', 'postfix')}/{PROGRAM}"
    service = environment.get("POSTLOG_SERVICE")
    if service:
        return MailLog(tag, PostlogService(service, environment.get("POSTLOG_HOSTNAME") or "amnesiac"))
    return MailLog(tag, Syslog(FACILITIES["mail"]))


def _read_command_line(arguments: Sequence[str], main_cf: MainCf, log: MailLog) -> CommandLine:
    command_line = CommandLine(arguments)
    if command_line.to_standard_error:
        log.add(Console())
    if not command_line.by_hand and not command_line.on_standard_streams and os.isatty(0):
        log.add(Console(PROGRAM))
        raise ConfigurationError("do not run this command by hand")
    for name, value in command_line.settings:
        main_cf.set(name, value)
    main_cf.set("service_name", command_line.service_name)
    return command_line


def _configure_log(parameters: Parameters, log: MailLog) -> None:
    """From here on the log is the one that main.cf asks for."""
    tag = f"{parameters.syslog_name}/{PROGRAM}"
    if parameters.maillog_file:
        queue = parameters.queue_directory
        path = f"{queue}/public/{parameters.postlog_service_name}"
        log.replace(tag, PostlogService(path, parameters.myhostname, queue))
    else:
        log.replace(tag, Syslog(FACILITIES[parameters.syslog_facility]))


def _enter_queue_directory(command_line: CommandLine, parameters: Parameters) -> None:
    """Go there, and give up what the service doesn't need; no file is opened from here on."""
    queue = parameters.queue_directory
    try:
        os.chdir(queue)
    except OSError as error:
        raise ConfigurationError(f'chdir("{queue}"): {error.strerror}') from error
    time.tzset()
    drop_privileges(
        queue if command_line.change_root else None,
        parameters.mail_owner if command_line.change_user else None,
    )


def _serve(
    command_line: CommandLine,
    parameters: Parameters,
    settings: Settings,
    generation: int,
    clock: Clock,
    log: MailLog,
    observer: VerboseLog | None,
) -> None:
    """Serve what master listens for."""
    master.claim_descriptors(command_line.sockets)
    open_files = master.raise_file_limit()
    settings.session_limit = room_for_sessions(settings.session_limit, open_files)
    network = _network(command_line)
    server = Server(network, clock, settings, log, observer)
    predecessor = network.predecessor() if settings.handover else None
    if predecessor is not None:
        server.take_over(predecessor, clients_beside(settings.session_limit, open_files))
    if observer is not None:
        log(f"process generation: {generation:o} ({generation:o})")
    watchdog = Watchdog(parameters.daemon_timeout, log, lambda: os._exit(1))

    def pulse_has_beaten() -> None:
        watchdog.turned()
        server.pulse.beat()

    signals = Signals({signal.SIGTERM: server.stop, signal.SIGALRM: pulse_has_beaten})
    watchdog.start()
    server.pulse.begin()
    server.watch(signals.handle, signals.ready)
    reloaded = False

    def master_has_gone(_now: int) -> None:
        nonlocal reloaded
        reloaded = True
        server.stop()

    server.watch(master.STATUS, master_has_gone)
    for outlet in log.outlets:
        server.watch(outlet.handle, outlet.ready)
    gc.freeze()
    gc.disable()  # nothing that the server makes per request is cyclic
    try:
        master.report_available(generation)
    except OSError:
        server.stop()  # master has gone already
    try:
        server.run()
        if not (reloaded and settings.handover and _hand_over(server, network, log)):
            server.close()
    finally:
        watchdog.stop()


def _hand_over(server: Server, network: UnixNetwork, log: MailLog) -> bool:
    """Pass what is cached to the next daemon, in a process that master(8) doesn't know: it starts the next
    one only when the one that it knows has ended, and somebody has come to the service. Whether this is the
    process that ends, and all else the other one's.
    """
    server.unwatch(master.STATUS)
    master.leave()  # which leaves descriptors, too, where all are used up
    try:
        network.listen_for_successor()
        server.log_statistics()
        if os.fork() != 0:
            return True
        server.leave_clients()
        try:
            successor = network.await_successor(HANDOVER_TIME)
        except (ConnectionError, FileNotFoundError):
            return False  # Postfix stops, or has another daemon now
        server.hand_over(successor)
        server.run()
    except OSError as error:
        log(f"warning: what is cached can't be passed to the next daemon: {error.strerror or error}")
    return False


def _network(command_line: CommandLine) -> UnixNetwork:
    if not command_line.operands:
        return UnixNetwork(master.LISTEN)
    return _RefusingNetwork(master.LISTEN, command_line.operands[0])


class _RefusingNetwork(UnixNetwork):
    """Where the command line holds an operand: Postfix's scache says so when the first request comes in."""

    def __init__(self, listener: int, operand: str) -> None:
        super().__init__(listener)
        self._operand = operand

    def accept(self) -> UnixStream:
        stream = super().accept()
        receive = stream.receive

        def refuse(limit: int, flags: int = 0) -> bytes:
            data = receive(limit, flags)
            if data:
                raise ConfigurationError(f"unexpected command-line argument: {self._operand}")
            return data

        stream.receive = refuse
        return stream
