"""From the text of main.cf parameters to a server's settings, for targets without a configuration file."""

from __future__ import annotations

from collections.abc import Mapping

from scache.daemon.settings import Settings
from scache.errors import UnavailableError
from scache.protocol.dialect import POSTFIX_3_6, Dialect

__all__ = ["DIALECT_PARAMETERS", "FOR_EVER", "dialect_from", "settings_from"]

#: A max_idle that no case reaches (Postfix's own limit is 2^31 - 1 seconds).
FOR_EVER = "3650d"

#: Parameters of this project's daemon only, and the Dialect fields that they set.
DIALECT_PARAMETERS = {
    "scache_announce": "announcement",
    "scache_write_wait": "write_wait",
    "scache_read_wait": "read_wait",
}
_TIMES = {
    "connection_cache_ttl_limit": "ttl_limit",
    "connection_cache_status_update_time": "status_update_time",
    "max_idle": "max_idle",
    "ipc_timeout": "ipc_timeout",
}
#: Where this project's daemon does better than Postfix's if it is told to.
_SWITCHES = {"scache_keep_unclaimed": "keep_unclaimed", "scache_skip_closed": "skip_closed"}
_GOODBYE = "scache_goodbye"
#: Parameters of every Postfix daemon that change nothing for an scache in memory.
_IGNORED = {"max_use", "daemon_timeout"}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def dialect_from(options: Mapping[str, str], default: Dialect) -> Dialect:
    """The dialect that these parameters choose; `default` where they choose none."""
    chosen = {field: options[name] == "yes" for name, field in DIALECT_PARAMETERS.items() if name in options}
    return Dialect(**chosen) if chosen else default


def settings_from(target: str, options: Mapping[str, str]) -> Settings:
    """A server's settings. Raises UnavailableError for a bad value or a parameter that only a process has."""
    known = {*_TIMES, *DIALECT_PARAMETERS, *_SWITCHES, *_IGNORED, _GOODBYE}
    unknown = sorted(options.keys() - known)
    if unknown:
        raise UnavailableError(f"{target}: reads no parameter {unknown[0]}")
    settings = Settings(dialect=dialect_from(options, POSTFIX_3_6))
    for name, text in {"max_idle": FOR_EVER, **options}.items():
        if name in _TIMES:
            setattr(settings, _TIMES[name], _seconds(target, text))
        elif name in _IGNORED and not text.isdecimal():
            raise UnavailableError(f"{target}: has no configuration to refuse {text!r} with")
        elif name in _SWITCHES:
            setattr(settings, _SWITCHES[name], text == "yes")
    if _GOODBYE in options:
        settings.goodbye = f"{options[_GOODBYE]}\r\n".encode()
    return settings


def _seconds(target: str, text: str) -> int:
    digits, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not digits.isdecimal() or int(digits) == 0:
        raise UnavailableError(f"{target}: has no configuration to refuse {text!r} with")
    return int(digits) * _UNITS[unit]
