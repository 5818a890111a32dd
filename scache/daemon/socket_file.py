"""A listening socket at a path: of several that want it one gets it, and nobody else's file is ever touched.

The path may lie in a directory of a user with fewer rights. So whoever wants it first takes a lock beside
it. The socket is bound, gets its owner and mode, and listens in a private directory; then it gets its name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from scache.errors import UsageError

__all__ = ["Access", "SocketFile", "put_back"]

_BACKLOG = 1024
_LONGEST_PATH = 107  # bytes in sockaddr_un, without the NUL at the end
_LONGEST_BOUND = 80  # bytes that leave room for /proc/self/fd/N/


@dataclass(frozen=True, slots=True)
class Access:
    """Who may connect. uid, gid: -1 leaves the process's own. mode: without the file's type."""

    mode: int = 0o600
    uid: int = -1
    gid: int = -1


class SocketFile:
    """A listening socket at a path; the block's value is its descriptor, and the path goes with the block.

    A socket that nobody listens on any more is replaced. One of a living server, or anything else at the
    path, is left alone, unless `aside` gives a name in the same directory for it: then the living server's
    socket can be reached there, and gets its own name back at the end.
    Raises UsageError.
    """

    def __init__(self, path: str, access: Access, aside: str | None = None) -> None:
        self._path = path
        self._access = access
        self._aside = aside
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> int:
        with self._stack, _said_of(self._path):
            self._directory, self._name = self._stack.enter_context(_directory(self._path))
            self._stack.enter_context(_locked(self._directory, self._name, self._path))
            self._make_way()
            with _listening(self._directory, self._name, self._access) as (listener, private, bound):
                self._identity = _identity(private, bound)
                self._take_the_name(private, bound)
                self._stack.callback(self.withdraw)
            self._stack = self._stack.pop_all()
            return listener

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def is_there(self) -> bool:
        """Whether the path still leads to this socket."""
        try:
            return _identity(self._directory, self._name) == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """What the end of the block does; in a forked process, should the block's own have died."""
        self._stack.close()

    def withdraw(self) -> None:
        """Take the path away, or give it back to the server whose it was, unless it is another's by now."""
        with contextlib.suppress(OSError):
            if self._aside is not None:
                if self.is_there:
                    self._rename(self._aside, self._name)
                else:
                    os.unlink(self._aside, dir_fd=self._directory)
            elif self.is_there:
                os.unlink(self._name, dir_fd=self._directory)

    def _make_way(self) -> None:
        alive = _is_alive(self._directory, self._name, self._path)
        if self._aside is not None:
            if not alive:
                raise UsageError(f"{self._path}: nobody listens there")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._aside, dir_fd=self._directory)
            os.link(self._name, self._aside, src_dir_fd=self._directory, dst_dir_fd=self._directory)
        elif alive:
            raise UsageError(f"{self._path}: in use by a living server")
        elif alive is not None:
            os.unlink(self._name, dir_fd=self._directory)

    def _take_the_name(self, private: int, bound: str) -> None:
        if self._aside is not None:  # at no time is there no socket of that name
            os.rename(bound, self._name, src_dir_fd=private, dst_dir_fd=self._directory)
        else:  # fails where something has come there meanwhile
            os.link(bound, self._name, src_dir_fd=private, dst_dir_fd=self._directory)
            os.unlink(bound, dir_fd=private)

    def _rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self._directory, dst_dir_fd=self._directory)


def put_back(path: str, aside: str) -> bool:
    """Undo what a SocketFile with `aside` left when its process was killed; whether there was anything.

    Nothing is done while such a process is alive. Raises UsageError where the path can't be looked at.
    """
    with _said_of(path), _directory(path) as (directory, name):
        try:
            os.stat(aside, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
        try:
            with _locked(directory, name, path):
                if _is_alive(directory, name, path):
                    os.unlink(aside, dir_fd=directory)
                else:
                    os.rename(aside, name, src_dir_fd=directory, dst_dir_fd=directory)
        except UsageError:
            return False  # the lock is held: it is at work
    return True


@contextlib.contextmanager
def _said_of(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


@contextlib.contextmanager
def _directory(path: str) -> Iterator[tuple[int, str]]:
    """The directory of a path, held open, and the name in it."""
    if "\0" in path:
        raise UsageError(f"{path.replace(chr(0), '?')}: no path has a NUL in it")
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise UsageError(f"{path}: AF_UNIX path too long")
    head, name = os.path.split(path)
    if name in ("", ".", ".."):
        raise UsageError(f"{path}: names no file")
    directory = os.open(head or ".", os.O_PATH | os.O_DIRECTORY)
    try:
        yield directory, name
    finally:
        os.close(directory)


@contextlib.contextmanager
def _locked(directory: int, name: str, path: str) -> Iterator[None]:
    """Hold the lock for a name. UsageError where another process does."""
    lock = f"{name}.lock"
    while (descriptor := _held_lock(directory, lock, path)) is None:
        pass
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            held = os.fstat(descriptor)
            if _identity(directory, lock) == (held.st_dev, held.st_ino):
                os.unlink(lock, dir_fd=directory)
        os.close(descriptor)


def _held_lock(directory: int, lock: str, path: str) -> int | None:
    """The lock file's descriptor; None where its last holder has removed it: it would keep nobody out."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(lock, flags, 0o600, dir_fd=directory)
    try:
        held = os.fstat(descriptor)
        if not stat.S_ISREG(held.st_mode):
            raise UsageError(f"{path}.lock: exists and is no lock file")
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _identity(directory, lock) == (held.st_dev, held.st_ino):
            kept, descriptor = descriptor, -1
            return kept
    except FileNotFoundError:
        pass
    except BlockingIOError:
        raise UsageError(f"{path}: in use by a living server") from None
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return None


def _is_alive(directory: int, name: str, path: str) -> bool | None:
    """Whether somebody listens; None where there is nothing. UsageError for what is no socket."""
    try:
        mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISSOCK(mode):
        raise UsageError(f"{path}: exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        return probe.connect_ex(path) != errno.ECONNREFUSED


@contextlib.contextmanager
def _listening(directory: int, name: str, access: Access) -> Iterator[tuple[int, int, str]]:
    """A socket that listens, a private directory, and the socket's name in it, to be moved from there.

    Nobody else can write into the private directory, so what is done there by name is done to this socket.
    """
    private_name = f".{name[:60]}.{secrets.token_hex(4)}"
    bound = name if len(os.fsencode(name)) <= _LONGEST_BOUND else "socket"  # ss(8) shows it
    os.mkdir(private_name, 0o700, dir_fd=directory)
    try:
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
        private = os.open(private_name, flags, dir_fd=directory)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                _check_own(private)
                # A descriptor's path can't be led elsewhere, and is short.
                listener.bind(f"/proc/self/fd/{private}/{bound}")
                try:
                    os.chown(bound, access.uid, access.gid, dir_fd=private, follow_symlinks=False)
                    os.chmod(bound, access.mode, dir_fd=private)
                    listener.listen(_BACKLOG)
                    yield listener.fileno(), private, bound
                except BaseException:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(bound, dir_fd=private)
                    raise
                listener.detach()
        finally:
            os.close(private)
    finally:
        os.rmdir(private_name, dir_fd=directory)


def _check_own(private: int) -> None:
    found = os.fstat(private)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(errno.EPERM, "the directory's owner meddles with it")


def _identity(directory: int, name: str) -> tuple[int, int]:
    found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    return found.st_dev, found.st_ino
