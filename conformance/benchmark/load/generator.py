"""The load generator as a child process: load.c where there is a C compiler, else load.py."""

from __future__ import annotations

import json
import math
import select
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from conformance.benchmark.daemons import RunningDaemon
from scache.errors import RemoteError

__all__ = ["Generator", "Load", "compile_program", "generator_command"]

HERE = Path(__file__).parent

DRAIN_PAUSE = 0.001
"""Seconds between two reads of the daemon's status channel, which holds some hundred messages. A reader that
each message wakes would compete with what is measured."""


PATIENCE = 10.0
"""Seconds after the end of a run by which all clients must have had their last answer."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the clients saw during one run: requests, and seconds; p50 and the like are latencies."""

    requests: int
    elapsed: float
    generator_cpu: float
    p50: float
    p99: float
    p999: float
    longest: float


def compile_program(source: str, directory: Path) -> list[str] | None:
    """The command of a C program beside this module, compiled into the directory; None without a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = directory / Path(source).stem
    subprocess.run([compiler, "-std=gnu11", "-O2", "-o", str(program), str(HERE / source)], check=True)
    return [str(program)]


def generator_command(directory: Path) -> list[str]:
    """The command of the generator, to which the socket's path is added."""
    return compile_program("load.c", directory) or [sys.executable, str(HERE / "load.py")]


class Generator:
    """A generator for one daemon; its clients and the preloaded sessions stay until it is closed."""

    def __init__(self, command: list[str], daemon: RunningDaemon) -> None:
        self._daemon = daemon
        self._process = subprocess.Popen(
            [*command, str(daemon.socket_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def preload(self, count: int) -> None:
        """Save that many destination+endpoint pairs, each with a session of its own."""
        self._command(f"preload {count}")

    def open_clients(self, count: int) -> None:
        """Start clients, each in a process of its own, and let each take one iteration."""
        self._command(f"open {count}")

    def close_clients(self) -> None:
        """End the clients."""
        self._command("close")

    def run(self, seconds: float) -> Load:
        """Let all clients iterate for that long.

        Raises RemoteError where the daemon keeps them waiting long after that.
        """
        answer = self._command(f"run {seconds}", seconds + PATIENCE)
        return Load(
            requests=answer["requests"],
            elapsed=answer["elapsed_ns"] / 1e9,
            generator_cpu=answer["cpu_ns"] / 1e9,
            p50=answer["p50_ns"] / 1e9,
            p99=answer["p99_ns"] / 1e9,
            p999=answer["p999_ns"] / 1e9,
            longest=answer["longest_ns"] / 1e9,
        )

    def _command(self, command: str, patience: float = math.inf) -> dict[str, int]:
        """Raises RemoteError: the generator's own words where it has ended, or that it takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        try:
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            answer = ""
        else:
            due = time.monotonic() + patience
            while not select.select([self._process.stdout], [], [], DRAIN_PAUSE)[0]:
                self._daemon.drain()
                if time.monotonic() > due:
                    raise RemoteError(f"load generator, {command}: clients are kept waiting")
            answer = self._process.stdout.readline()
        if not answer:
            raise RemoteError(f"load generator, {command}: {self._process.stderr.read().strip()}")
        fields: dict[str, int] = json.loads(answer)
        return fields

    def close(self) -> None:
        """End the process; its connections and sessions close with it."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Generator:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
