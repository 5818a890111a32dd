"""One private Postfix instance in a directory of its own: start, reload, log, stop, remove."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType

from conformance.lab.instance.configuration import LOG_SERVICE, CacheEntry, Directories, main_cf, master_cf
from conformance.lab.instance.maillog import MailLog
from conformance.postfix.installations import ENVIRONMENT, Installation
from scache.errors import UnavailableError

__all__ = ["Instance", "wait_for_exit"]

PATIENCE = 60.0
"""Seconds that Postfix is given to start, reload or stop."""
LAUNCHING_WORDS = 6
"""A daemon's own path is among the first words of its command line, behind those of an interpreter."""
LONG_AGO = 1_000_000_000
"""main.cf's modification time: a daemon that finds it younger than two seconds waits before it serves."""


class Instance:
    """A private Postfix. It is removed without a trace by close(), also where something has failed.

    Its log comes to a socket of the lab's, so that a line is an event that can be waited for.
    """

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._root = Path(tempfile.mkdtemp(prefix="postfix-lab-"))
        self._root.chmod(0o755)
        parts = [self._root / name for name in ("config", "queue", "data", "program")]
        for part in parts:
            part.mkdir()
        self.directories = Directories(*parts)
        shutil.chown(self.directories.data, installation.mail_owner)
        self._process: subprocess.Popen[bytes] | None = None
        self._command = b""
        self._leaving: list[int] = []

    def add_program(self, name: str, content: bytes) -> str:
        """Put an executable file into the instance; the command by which master.cf names it.

        master.cf can't hold an absolute path, but its path relative to daemon_directory may climb.
        """
        program = self.directories.program / name
        program.write_bytes(content)
        program.chmod(0o755)
        return os.path.relpath(program.resolve(), self.installation.daemon_directory.resolve())

    def start(self, submission: str, cache: CacheEntry, parameters: Mapping[str, str]) -> MailLog:
        """Configure the instance and start it; its log, once master(8) listens."""
        parameters = {**self.installation.settings(), **parameters}
        for name, text in (
            ("main.cf", main_cf(self.directories, cache, parameters)),
            ("master.cf", master_cf(submission, cache)),
        ):
            file = self.directories.config / name
            file.write_text(text)
            os.utime(file, (LONG_AGO, LONG_AGO))
        log_socket = self._listen_for_log()
        self._command = os.path.basename(cache.command.split()[0]).encode()
        self._process = subprocess.Popen(
            self._command_line("postfix", "start-fg"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )
        log = MailLog(log_socket, os.pidfd_open(self._process.pid))
        if not log.wait_until(lambda tally: tally.started, PATIENCE):
            words = " / ".join(log.lines[-5:]) or "it has logged nothing"
            raise UnavailableError(f"the private Postfix does not start: {words}")
        return log

    def _listen_for_log(self) -> socket.socket:
        """Make the log's socket, in the directory that Postfix would make, with its owner and mode."""
        public = self.directories.queue / "public"
        public.mkdir()
        shutil.chown(public, self.installation.mail_owner, self.installation.setgid_group)
        public.chmod(0o2710)
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        log.bind(str(public / LOG_SERVICE))
        (public / LOG_SERVICE).chmod(0o666)
        return log

    def _command_line(self, command: str, *words: str) -> list[str]:
        return [self.installation.command(command), "-c", str(self.directories.config), *words]

    def _run(self, command: str, *words: str) -> None:
        line = self._command_line(command, *words)
        where = f"`{command} {' '.join(words)}` on the private instance"
        try:
            done = subprocess.run(
                line, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd="/"
            )
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"{where} took more than {PATIENCE:.0f} s") from None
        if done.returncode != 0:
            said = " / ".join(done.stderr.split("\n")).strip(" /") or f"exit status {done.returncode}"
            raise UnavailableError(f"{where}: {said}")

    def release_held_mail(self) -> None:
        """Have all mails of the hold queue delivered, all at once."""
        self._run("postsuper", "-H", "ALL")
        self.flush_queue()

    def flush_queue(self) -> None:
        """Have qmgr(8) deliver all mail of the queue now."""
        self._run("postqueue", "-f")

    def reload(self) -> None:
        """`postfix reload`: every daemon ends as soon as it has done with what it is serving."""
        self._leaving += self._watched(b"smtp", b"lmtp")
        self._run("postfix", "reload")

    def wait_for_old_deliveries(self) -> None:
        """Wait until the delivery agents from before a reload have ended, their connections saved."""
        while self._leaving:
            wait_for_exit(self._leaving.pop())

    def mark(self, log: MailLog, text: str) -> None:
        """Write a line to the log and wait for it: every line sent before has been read then."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            line = f"Jan  1 00:00:00 lab postfix/lab[{os.getpid()}]: {text}"
            sender.sendto(line.encode(), str(self.directories.queue / "public" / LOG_SERVICE))
        if not log.wait_until(lambda tally: text in tally.markers, PATIENCE):
            raise UnavailableError("the log of the private instance has ended too early")

    def watched_caches(self) -> list[int]:
        """Pidfds of the connection cache daemons that are master(8)'s children at this moment."""
        return self._watched(self._command)

    def _watched(self, *programs: bytes) -> list[int]:
        master = self._master()
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        watched = []
        for child in children:
            if runs(child, programs):
                with contextlib.suppress(ProcessLookupError):
                    watched.append(os.pidfd_open(int(child)))
        return watched

    def _master(self) -> int:
        return int((self.directories.queue / "pid" / "master.pid").read_text())

    def stop(self, log: MailLog) -> None:
        """`postfix stop`, and wait until the last daemon has closed its log."""
        self._run("postfix", "stop")
        log.wait_for_end(PATIENCE)

    def close(self) -> None:
        """End what still runs, with force if need be, and remove every file of the instance."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            master = self._master()  # perhaps not the first one: it may have been stopped and started since
            if os.path.samefile(f"/proc/{master}/cwd", self.directories.queue):
                # master(8) leads a process group of its own, with all daemons and nobody else in it.
                os.killpg(master, signal.SIGKILL)
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
        for process in self._leaving:
            os.close(process)
        self._leaving.clear()
        shutil.rmtree(self._root, ignore_errors=True)

    def __enter__(self) -> Instance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def runs(process: str, programs: Collection[bytes]) -> bool:
    """Whether a process runs one of these programs, by itself or through an interpreter or a loader."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[:LAUNCHING_WORDS]
    except OSError:
        return False
    return any(word.rpartition(b"/")[2] in programs for word in words)


def wait_for_exit(process: int) -> None:
    """Wait until the process of this pidfd has ended, and close the pidfd.

    Raises UnavailableError after PATIENCE seconds.
    """
    try:
        if not select.select([process], [], [], PATIENCE)[0]:
            raise UnavailableError("a daemon does not end after postfix reload")
    finally:
        os.close(process)
