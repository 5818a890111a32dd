"""What the command lines of both programs have in common: how a sub-command looks, and how it ends."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from scache import __version__
from scache.errors import ScacheError, UnavailableError, UsageError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Command", "Commands", "command_of", "run_program", "whole_parser"]

#: Exit status where a signal ends the command, as a shell has it.
_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM

#: Characters of a line that says why something can't be done.
_LONGEST_LINE = 500


#: Extras that bring one library.
_EXTRAS = {"rich": "top", "prometheus_client": "metrics"}


class Command(Protocol):
    """A sub-command: a module of `scache.commands` or `conformance.commands` that has these two functions."""

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare the options."""

    def run(self, arguments: argparse.Namespace, /) -> int:
        """Carry it out; its exit status: 0, or 1 where what was looked at isn't as it should be.

        Raises ScacheError or OSError where what was asked for can't be done.
        """


#: Sub-command -> the module that is it, and what --help says of it.
Commands = Mapping[str, tuple[str, str]]


def command_of(module: str) -> Command:
    """The sub-command that is this module. Raises UnavailableError where it lacks a library."""
    try:
        return cast("Command", import_module(module))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library in ("", "scache", "conformance"):
            raise
        extras = _EXTRAS.get(library, "bench,trace")
        raise UnavailableError(f"the Python library {library} is missing; scache[{extras}] has it") from None


def run_program(program: str, about: str, commands: Commands, words: Sequence[str]) -> int:
    """Run the sub-command that the words ask for, and import no other; returns its exit status.

    2: what was asked for can't be done, and one line on standard error says why; 130: interrupted. Raises
    SystemExit for --help, --version and words that can't be meant.
    """
    chosen = next((word for word in words if not word.startswith("-")), None)
    _have_standard_streams()
    try:
        if any("\0" in word for word in words):
            raise UsageError("no argument has a NUL in it")
        with _ending_by_signals():
            parsed = _parsed(_parser(program, about, commands, chosen), words)
            status = command_of(commands[parsed.command][0]).run(parsed)
            sys.stdout.flush()
    except (ScacheError, OSError) as error:
        print(_shortened(f"{' '.join(filter(None, (program, chosen)))}: {_reason(error)}"), file=sys.stderr)
        _drop_output(error)
        return 2
    except KeyboardInterrupt:
        print(f"{program} {chosen}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    return status


class _Formatter(argparse.HelpFormatter):
    """Leaves room for an option as long as --config-directory DIR beside what is said of it. Has no line for
    all sub-commands together, nor for what every command has.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26)

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(super()._format_action, action._get_subactions()))
        if isinstance(action, argparse._HelpAction | argparse._VersionAction):
            return ""
        return super()._format_action(action)


class _Parser(argparse.ArgumentParser):
    """Refuses words in one line, as everything else is refused; its help text fits a screen of 24 lines."""

    def __init__(self, **words: Any) -> None:
        super().__init__(formatter_class=_Formatter, **words)

    def format_help(self) -> str:
        """Where the usage takes more than two lines, the options are left out of it: they follow."""
        text, usage = super().format_help(), self.format_usage()
        if usage.count("\n") <= 2:
            return text
        short = self.formatter_class(prog=f"{self.prog} [OPTION]...")
        needed = [action for action in self._actions if action.required or not action.option_strings]
        short.add_usage(None, needed, [])
        return text.replace(usage, short.format_help())

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{_shortened(f'{self.prog}: {message}')} (see {self.prog} --help)\n")


def whole_parser(program: str, about: str, commands: Commands) -> argparse.ArgumentParser:
    """All sub-commands with all their options, for whoever makes pages of them."""
    return _parser(program, about, commands, *commands)


def _parser(program: str, about: str, commands: Commands, *chosen: str | None) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program,
        description=about,
        epilog=f"Example: {program} {next(iter(commands))} --help. Exit status: 0 all is well, 1 it isn't, 2 "
        "it can't be done.",
    )
    parser.add_argument("--version", action="version", version=f"{program} {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, text) in commands.items():
        subparser = subparsers.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        if name in chosen:
            command_of(module).add_arguments(subparser)
    return parser


def _parsed(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The words' meaning, and themselves as `words`.

    Raises SystemExit after --help and --version, OSError where they can't be shown.
    """
    try:
        return parser.parse_args(words, argparse.Namespace(words=list(words)))
    except SystemExit:
        sys.stdout.flush()
        raise


class _StandardOutput(io.FileIO):
    """Names itself in its errors."""

    NAME = "standard output"

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = self.NAME
            raise


def _drop_output(error: Exception) -> None:
    """Where standard output takes no more, its end must not try to write the rest."""
    if isinstance(error, OSError) and error.filename == _StandardOutput.NAME:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def _have_standard_streams() -> None:
    """Have standard streams that say what is wrong with them, and write what an encoding lacks as an escape.

    The places of closed ones are taken, so that no file opened later gets in there. What is written to a
    closed standard output still fails, as the null device is open for reading only.
    """
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= 2:
        os.set_inheritable(descriptor, True)
        if descriptor == 1:
            sys.stdout = open(descriptor, "w", closefd=False)  # noqa: SIM115
        elif descriptor == 2:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    os.close(descriptor)
    if type(getattr(getattr(sys.stdout, "buffer", None), "raw", None)) is io.FileIO:
        raw = io.BufferedWriter(_StandardOutput(sys.stdout.fileno(), "w", closefd=False))
        sys.stdout = io.TextIOWrapper(raw, sys.stdout.encoding, line_buffering=sys.stdout.isatty())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _ending_by_signals() -> Iterator[None]:
    """Have SIGINT and SIGTERM end the command once, by an exception: what it has begun is cleaned up. Then
    they do nothing, lest a second Ctrl-C ends the process before it tells its status.
    """

    def interrupt(_number: int, _frame: object) -> NoReturn:
        ignore()
        raise KeyboardInterrupt

    def terminate(_number: int, _frame: object) -> NoReturn:
        ignore()
        raise SystemExit(_TERMINATED)

    def ignore() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            for number, handler in before.items():
                signal.signal(number, handler)


def _reason(error: Exception) -> str:
    """One line."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def _shortened(line: str) -> str:
    """The line, if it isn't one that shows a bad value of half a megabyte."""
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..."
