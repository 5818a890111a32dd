"""Where a configuration comes from: a directory, with or without Postfix, or what postconf(1) printed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from scache.admin.check.configuration import Configuration
from scache.admin.check.reading import read_main_cf, read_master_cf, read_postconf
from scache.admin.instance import SEARCH
from scache.admin.parameters import DEFAULTS
from scache.errors import UnavailableError

__all__ = ["Tools", "from_directory", "from_postconf"]

_DEFAULT_DIRECTORY = "/etc/postfix"


class Tools:
    """postconf(1) and postmap(1) of this machine."""

    def __init__(self, postconf: str) -> None:
        self._postconf = postconf

    @classmethod
    def installed(cls) -> Tools | None:
        """They, or None where there is no Postfix here."""
        found = shutil.which("postconf", path=f"{os.environ.get('PATH', '')}:{SEARCH}")
        return cls(found) if found else None

    def _run(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        line = [str(Path(self._postconf).with_name(command)), *words]
        return subprocess.run(line, capture_output=True, text=True, errors="surrogateescape", check=False)

    @cached_property
    def default_directory(self) -> str:
        """The directory that they take without being told."""
        return self._run("postconf", "-h", "config_directory").stdout.strip() or _DEFAULT_DIRECTORY

    @cached_property
    def defaults(self) -> dict[str, str]:
        """The defaults of every parameter that this release knows."""
        lines = self._run("postconf", "-d").stdout.splitlines()
        pairs = (line.partition(" =") for line in lines)
        return {name: value.strip() for name, equals, value in pairs if equals}

    @cached_property
    def table_types(self) -> frozenset[str]:
        """The types of lookup tables that they were built with."""
        return frozenset(self._run("postconf", "-m").stdout.split())

    def warnings(self, directory: str) -> list[str]:
        """What postconf(1) warns of in a configuration; of several alike one."""
        lines = self._run("postconf", "-c", directory, "-n").stderr.splitlines()
        return list(
            dict.fromkeys(line.partition(": warning: ")[2] for line in lines if ": warning: " in line)
        )

    def status(self, directory: str) -> int:
        """Exit status of `postfix status`: 0 where the instance runs. For root only."""
        return self._run("postfix", "-c", directory, "status").returncode

    def look_up(self, directory: str, table: str, key: str) -> str | None:
        """What a table answers to a key. UnavailableError where it can't be asked."""
        done = self._run("postmap", "-c", directory, "-q", key, table)
        faults = [line for line in done.stderr.splitlines() if ": warning: " not in line]
        if faults:
            raise UnavailableError(faults[-1])
        return done.stdout.strip() or None


def from_directory(directory: Path | None, tools: Tools | None) -> Configuration:
    """The configuration in a directory, None for the default one. UnavailableError where it can't be read."""
    default = os.environ.get("MAIL_CONFIG") or (tools.default_directory if tools else _DEFAULT_DIRECTORY)
    chosen = str(directory.absolute()) if directory else default
    main_cf, master_cf = f"{chosen}/main.cf", f"{chosen}/master.cf"
    settings, faults = read_main_cf(_text(main_cf), main_cf)
    services, comments, more_faults = read_master_cf(_text(master_cf), master_cf)
    return Configuration(
        chosen,
        settings,
        services,
        comments,
        is_default=chosen == default,
        unreadable=[*faults, *more_faults],
        warnings=tools.warnings(chosen) if tools else (),
        **_release(tools, settings),
    )


def from_postconf(text: str, file: str, tools: Tools | None) -> Configuration:
    """The configuration that `postconf -n` has shown of some instance, perhaps with `postconf -M`.

    UnavailableError for a text that holds no setting.
    """
    settings, services, faults = read_postconf(text, file)
    if not settings:
        raise UnavailableError(f"{file}: no output of postconf -n")
    directory = settings.get("config_directory")
    return Configuration(
        directory.value if directory else _DEFAULT_DIRECTORY,
        settings,
        services,
        is_default=True,
        unreadable=faults,
        **_release(tools, settings),
    )


def _release(tools: Tools | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the release brings: its number, defaults and types of tables."""
    defaults = tools.defaults if tools else DEFAULTS
    version = settings["mail_version"].value if "mail_version" in settings else defaults["mail_version"]
    numbers = version.replace("-", ".").split(".")
    release = (int(numbers[0]), int(numbers[1])) if all(each.isdecimal() for each in numbers[:2]) else (3, 7)
    return {"defaults": defaults, "release": release, "table_types": tools.table_types if tools else None}


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UnavailableError(f"{path}: {error.strerror}") from error
