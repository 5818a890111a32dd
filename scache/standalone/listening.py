"""Whom a stand-alone daemon serves, and on which socket: what the operator says is checked as it is read."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import stat
from collections.abc import Callable, Sequence

from scache.daemon.network import UnixNetwork
from scache.daemon.socket_file import Access
from scache.daemon.stream import UnixStream
from scache.errors import UsageError

__all__ = ["GuardedNetwork", "access_of", "inherited_socket", "user_ids"]

_FIRST_PASSED = 3  # SD_LISTEN_FDS_START
_LARGEST_ID = 2**32 - 2  # 2**32 - 1 stands for "leave it" (chown(2))


def access_of(owner: str | None, group: str | None, mode: str) -> Access:
    """From `--owner`, `--group` and `--mode`. UsageError for one that can't be meant."""
    if not mode or not set(mode) <= set("01234567") or len(mode) > 5 or int(mode, 8) > 0o777:
        raise UsageError(f"--mode {mode}: not an octal number from 0 to 777")
    return Access(
        int(mode, 8),
        -1 if owner is None else _number("--owner", owner, _user),
        -1 if group is None else _number("--group", group, _group),
    )


def user_ids(users: Sequence[str]) -> frozenset[int]:
    """The numbers of users that `--allow-user` gives by name or number. UsageError for an unknown one."""
    return frozenset(_number("--allow-user", user, _user) for user in users)


def _number(option: str, text: str, look_up: Callable[[str], int]) -> int:
    if text.isascii() and text.isdecimal():
        if len(text) > 10 or int(text) > _LARGEST_ID:
            raise UsageError(f"{option} {text}: beyond the largest id, {_LARGEST_ID}")
        return int(text)
    try:
        return look_up(text)
    except (KeyError, ValueError):  # ValueError: a NUL in it
        raise UsageError(f"{option} {text}: no such name") from None


def _user(name: str) -> int:
    return pwd.getpwnam(name).pw_uid


def _group(name: str) -> int:
    return grp.getgrnam(name).gr_gid


def inherited_socket() -> int:
    """The listening socket that systemd passes (LISTEN_FDS). UsageError where it passes anything else."""
    number = os.environ.pop("LISTEN_FDS", None)
    pid = os.environ.pop("LISTEN_PID", None)
    os.environ.pop("LISTEN_FDNAMES", None)
    if number is None or pid != str(os.getpid()):
        raise UsageError("--socket PATH is missing, and systemd passes no socket")
    if number != "1":
        raise UsageError(f"systemd passes {number} sockets, and one is wanted")
    if (kind := _kind(_FIRST_PASSED)) is not None:
        raise UsageError(f"systemd passes {kind}, and a listening stream socket in the file system is wanted")
    os.set_inheritable(_FIRST_PASSED, False)
    return _FIRST_PASSED


def _kind(descriptor: int) -> str | None:
    """What a descriptor is that can't be served on; None where it can."""
    try:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return "what is no socket"
    except OSError:
        return "no open descriptor"
    passed = socket.socket(fileno=descriptor)
    try:
        if passed.family != socket.AF_UNIX:
            return f"a socket of {passed.family.name}"
        if passed.type != socket.SOCK_STREAM:
            return f"a socket of {passed.type.name}"
        listens = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        return None if listens else "a socket that doesn't listen"
    finally:
        passed.detach()


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
