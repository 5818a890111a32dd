"""A command's main() in a child process, so that what it does to its streams, user and limits stays there."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Ended", "ended", "fork"]

Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Ended:
    """How a command has ended, and what it said."""

    status: int
    out: str
    err: str


@dataclass
class Forked:
    """A command that runs. To be waited for once."""

    pid: int
    out: int
    err: int

    def until_it_sleeps(self) -> None:
        """Return once it waits for something. (What it waited for before has woken it already.)"""
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            os.sched_yield()

    def wait(self) -> Ended:
        """Its end."""
        said = []
        for descriptor in (self.out, self.err):
            with open(descriptor, "rb") as stream:
                said.append(stream.read().decode())
        _, status = os.waitpid(self.pid, 0)
        return Ended(os.waitstatus_to_exitcode(status), *said)


def fork(main: Main, words: Sequence[str], before: Callable[[], None] = lambda: None) -> Forked:
    """Run main(words) in a child, as a program of its own would; `before` is called there, streams set up."""
    out, err = os.pipe(), os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the threads are the test runner's
        pid = os.fork()
    if pid == 0:
        status = 70
        try:
            with open(os.devnull) as nothing:
                for number, descriptor in enumerate((nothing.fileno(), out[1], err[1])):
                    os.dup2(descriptor, number)
            sys.stdout = sys.__stdout__ = open(1, "w")  # type: ignore[misc]  # noqa: SIM115
            sys.stderr = sys.__stderr__ = open(2, "w")  # type: ignore[misc]  # noqa: SIM115
            for descriptor in (*out, *err):
                os.close(descriptor)
            before()
            status = _run(main, words)
        except BaseException:
            traceback.print_exc()
        finally:
            if sys.stderr is not None:
                sys.stderr.flush()
            os._exit(status)
    os.close(out[1])
    os.close(err[1])
    return Forked(pid, out[0], err[0])


def ended(main: Main, words: Sequence[str], before: Callable[[], None] = lambda: None) -> Ended:
    """Run main(words) in a child until it ends."""
    return fork(main, words, before).wait()


def _run(main: Main, words: Sequence[str]) -> int:
    """The status that the interpreter would end with, 120 where standard output takes no more."""
    try:
        status = main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            return 120
    return status
