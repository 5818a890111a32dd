"""What the findings may ask of the machine that the configuration is for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["ELSEWHERE", "HERE", "Files"]


class Files:
    """Files by their paths. known: whether this is the machine that the configuration is for. queue: the
    queue directory, which Postfix's programs work in, so that a path that isn't absolute begins there.
    """

    def __init__(self, *, known: bool, queue: str = "") -> None:
        self.known = known
        self._queue = queue

    def of(self, queue: str) -> Files:
        """The same for an instance with this queue directory."""
        return Files(known=self.known, queue=queue)

    def path(self, path: str) -> str:
        """The path as Postfix's programs take it."""
        return os.path.join(self._queue, path)

    def read(self, path: str) -> str | None:
        """A regular file's content, None where it can't be read."""
        try:
            if not self.known or not stat.S_ISREG(os.stat(self.path(path)).st_mode):
                return None
            return Path(self.path(path)).read_bytes().decode("utf-8", "surrogateescape")
        except (OSError, ValueError):
            return None

    def is_missing(self, path: str) -> bool:
        """Whether there is certainly no such file."""
        return self.known and not os.path.lexists(self.path(path))

    def is_runnable(self, path: str) -> bool:
        """Whether root may execute it; so where that isn't known."""
        try:
            return not self.known or os.stat(self.path(path)).st_mode & 0o111 != 0
        except OSError:
            return False

    def is_directory(self, path: str) -> bool:
        """Whether it is a directory."""
        return self.known and os.path.isdir(self.path(path))

    def changed(self, path: str) -> float:
        """When the file was changed last; 0 where it isn't there."""
        try:
            return os.stat(self.path(path)).st_mtime if self.known else 0.0
        except (OSError, ValueError):
            return 0.0


HERE = Files(known=True)
ELSEWHERE = Files(known=False)
