"""What master(8) does for one child: descriptors, environment, directory, and the status channel it reads."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import scache
from conformance.postfix.device_log import DeviceLog

__all__ = ["Child", "Command", "arguments", "own_daemon", "spawn"]


@dataclass(frozen=True, slots=True)
class Command:
    """A program that takes master(8)'s command line: the file to execute and the words that go before.

    clock_library: the libfaketime that fits its C library; None where the machine's own does.
    """

    executable: Path
    prefix: tuple[str, ...] = ("scache",)
    clock_library: Path | None = None


def own_daemon(module: str, place: Path | None = None) -> Command:
    """This project's daemon by a module's `main`, isolated from its surroundings as the installed one is.

    place: the directory that holds the package `scache`; None for the one that this process runs.
    """
    places = [str(place or Path(scache.__file__).parents[1]), str(Path(__file__).parents[2])]
    program = f"import sys; sys.path[:0] = {places!r}; from {module} import main; sys.exit(main())"
    return Command(Path(sys.executable), (sys.executable, "-IS", "-c", program))


def arguments(options: Mapping[str, str], *, change_user: bool = True) -> list[str]:
    """The words that master(8) gives to its scache child (process limit 1, not in a chroot).

    change_user: whether the service is unprivileged (`-u`), as in the master.cf that comes with Postfix.
    """
    words = ["-l", "-t", "unix", *(["-u"] if change_user else [])]
    for name, value in options.items():
        words += ["-o", f"{name}={value}"]
    return words


class Child:
    """A child under way, with the master's end of its status channel."""

    def __init__(self, pid: int, status: socket.socket) -> None:
        self.pid = pid
        self._status: socket.socket | None = status
        self._exit: int | None = None
        status.setblocking(False)

    def drain(self) -> bytes:
        """Read and return the status messages that have come: a child whose channel is full hangs."""
        messages = b""
        if self._status is not None:
            with contextlib.suppress(BlockingIOError, ConnectionResetError):
                while data := self._status.recv(4096):
                    messages += data
        return messages

    def exit_status(self) -> int | None:
        """Exit status once the child has ended (negative: by that signal), None while it runs."""
        if self._exit is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._exit = os.waitstatus_to_exitcode(status)
        return self._exit

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the child has ended (its number may be another process's by now)."""
        if self.exit_status() is None:
            os.kill(self.pid, number)

    def close_status(self) -> None:
        """Close the master's end of the status channel."""
        if self._status is not None:
            self._status.close()
            self._status = None

    def kill(self) -> None:
        """End the child at once, and wait for its end."""
        self.close_status()
        if self.exit_status() is None:
            os.kill(self.pid, signal.SIGKILL)
            self._exit = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def spawn(
    command: Command,
    words: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    listener: socket.socket,
    device_log: DeviceLog | None = None,
) -> Child:
    """Start a child as master(8) does, in `directory`, serving `listener` (the child's descriptor 6).

    device_log: what the child finds at /dev/log, where this machine lets root give it a /dev of its own.
    """
    master_status, child_status = socket.socketpair()
    flow_read, flow_write = os.pipe()
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    listener.setblocking(False)
    try:
        with warnings.catch_warnings():
            # Forking a process with threads is no danger here: the child makes system calls and nothing else.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            descriptors = [null, null, null, flow_read, flow_write, child_status.fileno(), listener.fileno()]
            _become(command, words, environment, directory, descriptors, device_log)
    finally:
        child_status.close()
        for descriptor in (null, flow_read, flow_write):
            os.close(descriptor)
    return Child(pid, master_status)


def _become(
    command: Command,
    words: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    descriptors: list[int],
    device_log: DeviceLog | None,
) -> None:
    """In the new process: take the child's descriptors 0, 1, 2... and execute the program. Never returns."""
    try:
        # First out of the way: a source may be in the range that is about to be filled.
        sources = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, len(descriptors)) for number in descriptors]
        for number, source in enumerate(sources):
            os.dup2(source, number)
        os.closerange(len(descriptors), os.sysconf("SC_OPEN_MAX"))
        # Python ignores these two, and a program would inherit that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        if device_log is not None:
            with contextlib.suppress(OSError):
                device_log.enter()
        os.umask(0o077)
        os.chdir(directory)
        os.execve(command.executable, [*command.prefix, *words], dict(environment))
    finally:
        os._exit(127)
