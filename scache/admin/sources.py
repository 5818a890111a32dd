"""Where a configuration comes from: a directory, with or without Postfix, or what postconf(1) printed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scache.admin.configuration import Configuration
from scache.admin.parameters import DEFAULTS
from scache.admin.reading import read_main_cf, read_master_cf, read_postconf
from scache.admin.tools import DEFAULT_DIRECTORY, Tools
from scache.errors import UnavailableError

__all__ = ["from_directory", "from_postconf"]

#: What a parameter's name may look like, those of single transports included.
_NAME = re.compile(r"[\w.-]+", re.ASCII)


def from_directory(directory: Path | None, tools: Tools | None) -> Configuration:
    """The configuration in a directory, None for the default one. UnavailableError where it can't be read."""
    default = os.environ.get("MAIL_CONFIG") or (tools.default_directory if tools else DEFAULT_DIRECTORY)
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
        table_types=tools.table_types if tools else None,
        warnings=tools.warnings(chosen) if tools else (),
        **_release(tools, settings),
    )


def from_postconf(text: str, file: str, tools: Tools | None) -> Configuration:
    """The configuration that `postconf -n` has shown of some instance, perhaps with `postconf -M`.

    Which types of tables it has isn't known, nor what postconf(1) would warn of there.
    UnavailableError for a text that holds no setting of a parameter.
    """
    settings, services, faults = read_postconf(text, file)
    if not any(_NAME.fullmatch(name) for name in settings):
        raise UnavailableError(f"{file}: no output of postconf -n")
    directory = settings.get("config_directory")
    return Configuration(
        directory.value if directory else DEFAULT_DIRECTORY,
        settings,
        services,
        is_default=True,
        unreadable=faults,
        **_release(tools, settings),
    )


def _release(tools: Tools | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the release brings: its number and defaults."""
    defaults = tools.defaults if tools else DEFAULTS
    version = settings["mail_version"].value if "mail_version" in settings else defaults["mail_version"]
    numbers = version.replace("-", ".").split(".")
    release = (int(numbers[0]), int(numbers[1])) if all(each.isdecimal() for each in numbers[:2]) else (3, 7)
    return {"defaults": defaults, "release": release}


def _text(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UnavailableError(f"{path}: {error.strerror}") from error
