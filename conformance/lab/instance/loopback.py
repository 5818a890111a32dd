"""Loopback addresses for one run of the lab, so that two runs at once never meet."""

from __future__ import annotations

import socket
from types import TracebackType

from scache.errors import UnavailableError

__all__ = ["LoopbackNetwork"]

SUBMISSION_PORT = 2525
LOCK_PORT = 2500
FIRST_SINK_PORT = 2501
SINKS = 20
"""As many as a scenario has at most."""


class LoopbackNetwork:
    """127.N.0.0/24 for one run: held by a bound socket on 127.N.0.1, freed by close().

    Raises UnavailableError where all networks are taken.
    """

    def __init__(self) -> None:
        for self.number in range(10, 250):
            self._lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                self._lock.bind((f"127.{self.number}.0.1", LOCK_PORT))
                # A run that was killed leaves servers behind: they are not to be met.
                for port in (SUBMISSION_PORT, SUBMISSION_PORT + 1):
                    check_free(f"127.{self.number}.0.1", port)
                for index in range(SINKS):
                    check_free(*self.sink(index))
            except OSError:
                self._lock.close()
                continue
            return
        raise UnavailableError("every loopback network from 127.10.0.0 to 127.249.0.0 is in use")

    def submission(self, instance: int = 0) -> str:
        """`address:port` where the private smtpd(8) of this instance listens."""
        return f"127.{self.number}.0.1:{SUBMISSION_PORT + instance}"

    def sink(self, index: int) -> tuple[str, int]:
        """Address and port of the sink of this index; each has an address of its own."""
        return f"127.{self.number}.0.{2 + index}", FIRST_SINK_PORT + index

    def close(self) -> None:
        """Let others have the addresses."""
        self._lock.close()

    def __enter__(self) -> LoopbackNetwork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_free(host: str, port: int) -> None:
    """Raise OSError where a server listens at this address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier run that are just closing don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
