"""Setting a recorder in front of a running Postfix's scache; and healing what one that was killed has left.

No parameter changes. The recorder takes the name of scache's socket in the queue directory, while master(8)
goes on listening on the socket that it has bound, under a second name. Whatever ends the recorder, a process
beside it gives the name back. If both are killed at once, Postfix's next start makes the socket anew, and
`heal` doesn't wait for that.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from scache.admin.instance import PostfixInstance
from scache.daemon.socket_file import Access, SocketFile, put_back
from scache.errors import UsageError

__all__ = ["Interposition", "heal"]

_SECOND_NAME = "{}-recorded"


class Interposition:
    """Has the name of an instance's scache socket for the length of the block.

    listener: the descriptor that the delivery agents come to. upstream: where Postfix's scache is reached.
    Raises UsageError where nobody listens for that instance, or a recorder is at work.
    """

    def __init__(self, instance: PostfixInstance, say: Callable[[str], None]) -> None:
        self.instance = instance
        if (healed := heal(instance)) is not None:
            say(healed)
        self.path = socket_of(instance)
        self.upstream = self.path.with_name(_SECOND_NAME.format(self.path.name))

    def __enter__(self) -> Interposition:
        try:
            model = self.path.stat()
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}; is Postfix running?") from None
        access = Access(model.st_mode & 0o777, model.st_uid, model.st_gid)
        self._file = SocketFile(str(self.path), access, self.upstream.name)
        with contextlib.ExitStack() as stack:
            self.listener = stack.enter_context(self._file)
            stack.enter_context(_guarded(self._file, self.listener))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def is_there(self) -> bool:
        """Whether the delivery agents still come here: they don't once master has made its socket anew."""
        return self._file.is_there

    def withdraw(self) -> None:
        """Give the name back."""
        self._file.withdraw()


def heal(instance: PostfixInstance) -> str | None:
    """Give an instance's scache its socket's name back, if a recorder was killed; a line that says so.

    To be called wherever an instance is looked at. Nothing is done while a recorder is at work.
    """
    path = socket_of(instance)
    with contextlib.suppress(UsageError):  # who may not look there can't heal it, either
        if put_back(str(path), _SECOND_NAME.format(path.name)):
            return f"{path}: given back to Postfix's scache; a recorder had been killed"
    return None


def socket_of(instance: PostfixInstance) -> Path:
    """Where an instance's delivery agents ask for connections."""
    return instance.path("queue_directory") / "private" / instance.configuration.cache_service


@contextlib.contextmanager
def _guarded(file: SocketFile, listener: int) -> Iterator[None]:
    """Have a process of its own close the file when this one leaves the block, or dies before."""
    reading, writing = os.pipe()
    guardian = os.fork()
    if not guardian:
        _guard(file, listener, reading, writing)
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        os.waitpid(guardian, 0)


def _guard(file: SocketFile, listener: int, reading: int, writing: int) -> None:
    try:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        os.close(writing)
        os.close(listener)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(null, standard)
        os.read(reading, 1)  # its end comes when the other process closes it, or dies
        file.close()
    finally:
        os._exit(0)
