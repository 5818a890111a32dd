"""A process's descriptor table in memory."""

from __future__ import annotations

import errno
import heapq
from collections.abc import Iterable

from scache.simulated.kernel import OpenFile, kernel_error

__all__ = ["DescriptorTable"]


class DescriptorTable:
    """A process's descriptors: numbers from `first` up to, not including, `limit` (RLIMIT_NOFILE)."""

    def __init__(self, limit: int = 1024, first: int = 3) -> None:
        self.limit = limit
        self.files: dict[int, OpenFile] = {}
        self._never_used = first
        self._freed: list[int] = []

    def install(self, file: OpenFile) -> int:
        """Give the file the lowest free number; the caller's reference passes to the table. Raises OSError
        (EMFILE).
        """
        self.check_room()
        if self._freed:
            descriptor = heapq.heappop(self._freed)
        else:
            descriptor = self._never_used
            self._never_used += 1
        self.files[descriptor] = file
        return descriptor

    def check_room(self) -> None:
        """Raise OSError (EMFILE) when no number below the limit is free."""
        lowest = self._freed[0] if self._freed else self._never_used
        if lowest >= self.limit:
            raise kernel_error(errno.EMFILE)

    def install_received(self, files: Iterable[OpenFile]) -> tuple[list[int], bool]:
        """Install files that came in one message; close those that find no number. True: some didn't
        (MSG_CTRUNC).
        """
        descriptors: list[int] = []
        truncated = False
        for file in files:
            try:
                descriptors.append(self.install(file))
            except OSError:
                file.release()
                truncated = True
        return descriptors, truncated

    def file(self, descriptor: int) -> OpenFile:
        """The file behind the number. Raises OSError (EBADF)."""
        try:
            return self.files[descriptor]
        except KeyError:
            raise kernel_error(errno.EBADF) from None

    def close(self, descriptor: int) -> OpenFile:
        """Free the number and drop its reference; return the file. Raises OSError (EBADF)."""
        file = self.file(descriptor)
        del self.files[descriptor]
        heapq.heappush(self._freed, descriptor)
        file.release()
        return file
