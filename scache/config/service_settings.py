"""The parameters of the service itself: Postfix's, and those of this daemon only."""

from __future__ import annotations

from scache.config.values import Values
from scache.daemon.settings import Settings
from scache.protocol.dialect import Dialect

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from scache.config.main_cf import MainCf

__all__ = ["DEFAULTS", "service_settings"]

#: What counts as set where main.cf doesn't set it.
DEFAULTS = {
    "connection_cache_ttl_limit": "2s",
    "connection_cache_status_update_time": "600s",
    "max_idle": "100s",
    "ipc_timeout": "3600s",
    "scache_announce": "yes",
    "scache_write_wait": "yes",
    "scache_read_wait": "yes",
    "scache_message_limit": "1048576",
    "scache_keep_unclaimed": "no",
    "scache_skip_closed": "no",
    "scache_goodbye": "",
}
_SMALLEST_MESSAGE_LIMIT = 4096


def service_settings(main_cf: MainCf, *, path: str, never_idle: bool = False) -> Settings:
    """The settings that a main.cf asks for. ConfigurationError with Postfix's text for a value that is wrong.

    path: how the log names a connection. never_idle: a max_idle of 0 is allowed.
    """
    values = Values(main_cf)

    def time(name: str, minimum: int = 1) -> int:
        return values.time(name, DEFAULTS[name], minimum)

    def choice(name: str) -> bool:
        return values.choice(name, DEFAULTS[name])

    goodbye = values.text("scache_goodbye", DEFAULTS["scache_goodbye"], minimum=0)
    return Settings(
        ttl_limit=time("connection_cache_ttl_limit"),
        status_update_time=time("connection_cache_status_update_time"),
        max_idle=time("max_idle", minimum=0 if never_idle else 1),
        ipc_timeout=time("ipc_timeout"),
        dialect=Dialect(
            announcement=choice("scache_announce"),
            write_wait=choice("scache_write_wait"),
            read_wait=choice("scache_read_wait"),
        ),
        message_limit=values.number(
            "scache_message_limit", DEFAULTS["scache_message_limit"], _SMALLEST_MESSAGE_LIMIT
        ),
        path=path,
        keep_unclaimed=choice("scache_keep_unclaimed"),
        skip_closed=choice("scache_skip_closed"),
        goodbye=f"{goodbye}\r\n".encode("utf-8", "surrogateescape") if goodbye else b"",
    )
