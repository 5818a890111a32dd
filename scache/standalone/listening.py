"""The listening socket of a stand-alone daemon: made here, or passed by systemd; and whom it serves."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import shutil
import socket
import stat
from collections.abc import Callable, Sequence
from types import TracebackType

from scache.daemon.network import UnixNetwork, UnixStream
from scache.errors import UsageError

__all__ = ["GuardedNetwork", "SocketFile", "inherited_socket", "user_ids"]

_BACKLOG = 1024
_FIRST_PASSED = 3  # SD_LISTEN_FDS_START


class SocketFile:
    """A listening socket at a path; the block's value is its descriptor, and the path goes with the block.

    A socket that nobody listens on any more is replaced; one of a living server, or anything else at the
    path, is left alone. Raises UsageError.
    """

    def __init__(self, path: str, owner: str | None, group: str | None, mode: int) -> None:
        self._path = path
        self._owner = owner
        self._group = group
        self._mode = mode

    def __enter__(self) -> int:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._remove_stale()
            mask = os.umask(0o777)  # until owner and mode are right, nobody gets in
            try:
                listening.bind(self._path)
            finally:
                os.umask(mask)
            self._identity = self._stat()
            self._give_away()
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            raise UsageError(f"{self._path}: {error.strerror or error}") from error
        except BaseException:
            listening.close()
            raise
        return listening.detach()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            if self._stat() == self._identity:  # another server may have taken the path over
                os.unlink(self._path)

    def _stat(self) -> tuple[int, int]:
        found = os.stat(self._path, follow_symlinks=False)
        return found.st_dev, found.st_ino

    def _give_away(self) -> None:
        try:
            if self._owner is not None:
                shutil.chown(self._path, user=_name_or_number(self._owner))
            if self._group is not None:
                shutil.chown(self._path, group=_name_or_number(self._group))
        except LookupError as error:
            os.unlink(self._path)
            raise UsageError(str(error)) from error
        os.chmod(self._path, self._mode)

    def _remove_stale(self) -> None:
        try:
            mode = os.stat(self._path, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise UsageError(f"{self._path}: exists and is not a socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            result = probe.connect_ex(self._path)
        if result != errno.ECONNREFUSED:
            raise UsageError(f"{self._path}: in use by a living server")
        os.unlink(self._path)


def _name_or_number(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def inherited_socket() -> int:
    """The listening socket that systemd passes (LISTEN_FDS). UsageError where it passes none, or several."""
    number = os.environ.pop("LISTEN_FDS", None)
    pid = os.environ.pop("LISTEN_PID", None)
    os.environ.pop("LISTEN_FDNAMES", None)
    if number is None or pid != str(os.getpid()):
        raise UsageError("--socket PATH is missing, and systemd passes no socket")
    if number != "1":
        raise UsageError(f"systemd passes {number} sockets, and one is wanted")
    os.set_inheritable(_FIRST_PASSED, False)
    return _FIRST_PASSED


def user_ids(users: Sequence[str]) -> frozenset[int]:
    """The numbers of users that are given by name or number. UsageError for an unknown name."""
    numbers = set()
    for user in users:
        try:
            numbers.add(int(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid)
        except KeyError as error:
            raise UsageError(f"unknown user: {user}") from error
    return frozenset(numbers)


class GuardedNetwork(UnixNetwork):
    """A network that turns away clients of users that are not allowed (SO_PEERCRED); with none allowed
    by name, whoever can connect is served.
    """

    def __init__(self, listener: int, allowed: frozenset[int], log: Callable[[str], None]) -> None:
        super().__init__(listener)
        self._allowed = allowed
        self._log = log

    def accept(self) -> UnixStream:
        """The next client. ConnectionRefusedError for one that is turned away."""
        stream = super().accept()
        if self._allowed and (user := stream.peer_user()) not in self._allowed:
            stream.close()
            self._log(f"warning: client of user {user} turned away")
            raise ConnectionRefusedError
        return stream
