"""The recorder's own socket."""

from __future__ import annotations

import os
from pathlib import Path

from scache.daemon.socket_file import Access
from scache.errors import UsageError

__all__ = ["access_like"]


def access_like(upstream: Path) -> Access:
    """Lets in whoever may connect to the upstream. UsageError where that isn't there."""
    try:
        model = upstream.stat()
    except OSError as error:
        raise UsageError(f"{upstream}: {error.strerror}") from None
    owner = (model.st_uid, model.st_gid) if os.geteuid() == 0 else (-1, -1)
    return Access(model.st_mode & 0o777, *owner)
