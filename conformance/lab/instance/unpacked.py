"""A whole Postfix of another release, unpacked and not installed, run by its own loader and libraries."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import stat
from pathlib import Path

from conformance.postfix.installations import Installation, default_cache, find_release, launcher
from scache.errors import UnavailableError

__all__ = ["unpacked_postfix"]

ELF = b"\x7fELF"


def unpacked_postfix(series: str, installed: Installation, place: Path) -> Installation:
    """The fetched release of a series such as 3.5, made runnable by starters in the directory `place`.

    It shares the installed Postfix's users and its `postfix-files`.
    Raises UnavailableError where it has not been fetched.
    """
    found = find_release(series, default_cache())
    if found is None:
        raise UnavailableError(f"Postfix {series} has not been fetched (python -m conformance postfix fetch)")
    version, root = found
    words = shlex.join(launcher(root))
    daemons, commands = place / "daemons", place / "commands"
    for directory, programs, model in (
        (daemons, "usr/lib/postfix/sbin", installed.daemon_directory),
        (commands, "usr/sbin", installed.command_directory),
    ):
        directory.mkdir()
        for program in (root / programs).iterdir():
            make_starter(directory / program.name, program, words)
            if (model / program.name).exists():
                copy_ownership(model / program.name, directory / program.name)
    return dataclasses.replace(
        installed, version=version, daemon_directory=daemons, command_directory=commands
    )


def make_starter(starter: Path, program: Path, words: str) -> None:
    """Make a file that runs the program; Postfix's shell scripts are copied as they are."""
    if program.read_bytes()[:4] == ELF:
        starter.write_text(f'#!/bin/sh\nexec {words} {shlex.quote(str(program))} "$@"\n')
        starter.chmod(0o755)
    else:
        shutil.copy(program, starter)


def copy_ownership(model: Path, starter: Path) -> None:
    """Give a starter the owner, group and mode of the installed program: `postfix check` looks at them."""
    status = model.stat()
    os.chown(starter, status.st_uid, status.st_gid)
    starter.chmod(stat.S_IMODE(status.st_mode))
