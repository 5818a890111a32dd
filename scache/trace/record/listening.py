"""The recorder's own socket."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from scache.errors import UsageError

__all__ = ["listening_like"]


@contextlib.contextmanager
def listening_like(path: Path, upstream: Path) -> Iterator[socket.socket]:
    """A listening socket for whoever may connect to the upstream; its path is removed at the end.

    Raises UsageError where the path can't be listened on, or somebody else does.
    """
    try:
        model = upstream.stat()
    except OSError as error:
        raise UsageError(f"{upstream}: {error.strerror}") from None
    _remove_leftover(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.bind(str(path))
        path.chmod(model.st_mode & 0o777)
        if os.geteuid() == 0:
            os.chown(path, model.st_uid, model.st_gid)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise UsageError(f"{path}: {error.strerror or error}") from None
    with listener:
        yield listener
    path.unlink(missing_ok=True)


def _remove_leftover(path: Path) -> None:
    """Remove a socket that nobody listens on any more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            if path.is_socket():
                path.unlink()
                return
        except BlockingIOError:
            pass  # its queue is full: somebody listens
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from None
    raise UsageError(f"{path}: in use")
