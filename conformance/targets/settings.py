"""From the text of main.cf parameters to a server's settings, for targets without a configuration file."""

from __future__ import annotations

from collections.abc import Mapping

from scache.config.main_cf import MainCf
from scache.config.parameters import BY_NAME, service_settings
from scache.config.settings import Settings
from scache.errors import ConfigurationError, UnavailableError
from scache.protocol.dialect import Dialect

__all__ = ["ALL_LINES", "DIALECT_PARAMETERS", "FOR_EVER", "dialect_from", "refuse_bounds", "settings_from"]

#: A max_idle that no case reaches (Postfix's own limit is 2^31 - 1 seconds).
FOR_EVER = "3650d"

#: The bench sends nonsense in floods and reads every line, as a real Postfix logs it.
ALL_LINES = {"scache_warning_limit": "0"}

#: Parameters of this project's daemon only, and the Dialect fields that they set.
DIALECT_PARAMETERS = {
    name: parameter.field for name, parameter in BY_NAME.items() if parameter.field in Dialect.__slots__
}
#: Bounds and better ways of this project's daemon.
_OF_OURS = {name for name in BY_NAME if name.endswith("_limit") and name.startswith("scache_")} - {
    "scache_message_limit",
} | {
    "scache_accept",
    "scache_core_dump",
    "scache_handover",
    "scache_order",
    "scache_status_request",
    "scache_watch",
}
#: Parameters of every Postfix daemon that change nothing for an scache in memory.
_IGNORED = {"max_use", "daemon_timeout"}


def dialect_from(options: Mapping[str, str], default: Dialect) -> Dialect:
    """The dialect that these parameters choose; `default` where they choose none."""
    chosen = {field: options[name] == "yes" for name, field in DIALECT_PARAMETERS.items() if name in options}
    return Dialect(**chosen) if chosen else default


def refuse_bounds(target: str, options: Mapping[str, str]) -> None:
    """UnavailableError where a parameter is asked for that only this project's daemon has, and that no other
    scache can be held to.
    """
    for name in options:
        if name in _OF_OURS:
            raise UnavailableError(f"{target}: reads no parameter {name}")


def settings_from(target: str, options: Mapping[str, str]) -> Settings:
    """A server's settings. Raises UnavailableError for a bad value or a parameter that only a process has."""
    unknown = sorted(options.keys() - BY_NAME.keys() - _IGNORED)
    if unknown:
        raise UnavailableError(f"{target}: reads no parameter {unknown[0]}")
    main_cf = MainCf("", lambda _warning: None)
    for name, text in {"max_idle": FOR_EVER, **ALL_LINES, **options}.items():
        if name in _IGNORED and not text.isdecimal():
            raise UnavailableError(f"{target}: has no configuration to refuse {text!r} with")
        main_cf.set(name, text)
    try:
        return service_settings(main_cf, path=Settings().path)
    except ConfigurationError as error:
        raise UnavailableError(f"{target}: has no configuration to refuse a value with: {error}") from error
