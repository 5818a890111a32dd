"""The parameters that the daemon uses, checked as in Postfix (mail_params.c, mail_conf_*.c, conv_time.c)."""

from __future__ import annotations

import os
import pwd

from scache.dialect import Dialect
from scache.errors import ConfigurationError

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, without the cost of importing typing in the daemon
if TYPE_CHECKING:
    from scache.postfix.main_cf import MainCf

__all__ = ["FACILITIES", "Parameters", "seconds"]

#: syslog(3) facilities that syslog_facility can name.
FACILITIES = {
    "auth": 4,
    "authpriv": 10,
    "cron": 9,
    "daemon": 3,
    "ftp": 11,
    "kern": 2,  # openlog(3) doesn't take 0, and mail stays
    "lpr": 6,
    "mail": 2,
    "news": 7,
    "syslog": 5,
    "user": 1,
    "uucp": 8,
    **{f"local{number}": 16 + number for number in range(8)},
}

_INT_MAX = 2**31 - 1
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SPACE = " \t\n\v\f\r"
_DIGITS = frozenset("0123456789")


class Parameters:
    """Values of the parameters, read in Postfix's order; times in seconds.

    ConfigurationError with Postfix's text for the first value that Postfix calls fatal.
    """

    def __init__(self, main_cf: MainCf) -> None:
        self._main_cf = main_cf
        self._text("multi_instance_name", "", minimum=0)
        self.syslog_facility = self._text("syslog_facility", "mail")
        if self.syslog_facility not in FACILITIES:
            raise ConfigurationError(
                f"file {main_cf.path}: parameter syslog_facility: unrecognized value: {self.syslog_facility}"
            )
        self.myhostname = self._text("myhostname", os.uname().nodename)
        self._text("mail_name", "Postfix")
        self.syslog_name = self._text(
            "syslog_name", "${multi_instance_name?{$multi_instance_name}:{postfix}}"
        )
        self.mail_owner = self._text("mail_owner", "postfix")
        self.queue_directory = self._text("queue_directory", "/var/spool/postfix")
        self._default_privs = self._text("default_privs", "nobody")
        self.maillog_file = self._text("maillog_file", "", minimum=0)
        self._maillog_file_prefixes = self._text("maillog_file_prefixes", "/var, /dev/stdout")
        self.postlog_service_name = self._text("postlog_service_name", "postlog")
        self._number("max_use", "100", minimum=1)  # checked, and ignored from then on
        self.max_idle = self._time("max_idle", "100s")
        self.ipc_timeout = self._time("ipc_timeout", "3600s")
        self.daemon_timeout = self._time("daemon_timeout", "18000s")
        self._check_mail_owner()
        self._check_maillog_file()

    def read_own(self) -> None:
        """Read scache's own parameters: Postfix reads them last, when the log is already set up.

        The last three aren't Postfix's, whose dialect is compiled in: scache_announce (yes suits Postfix 3.6
        and later), scache_write_wait, scache_read_wait.
        """
        self.ttl_limit = self._time("connection_cache_ttl_limit", "2s")
        self.status_update_time = self._time("connection_cache_status_update_time", "600s")
        self.dialect = Dialect(
            announcement=self._yes("scache_announce"),
            write_wait=self._yes("scache_write_wait"),
            read_wait=self._yes("scache_read_wait"),
        )

    def _text(self, name: str, default: str, minimum: int = 1) -> str:
        text = self._main_cf.value(name, default)
        if len(text) < minimum:
            raise ConfigurationError(f"bad string length {len(text)} < {minimum}: {name} = {text}")
        return text

    def _time(self, name: str, default: str) -> int:
        """A time of at least 1 second."""
        text = self._main_cf.value(name, default)
        value = seconds(text)
        if value is None:
            raise ConfigurationError(f"parameter {name}: bad time value or unit: {text}")
        if value < 1:
            raise ConfigurationError(f"invalid {name}: {value} (min 1)")
        return value

    def _yes(self, name: str) -> bool:
        """A boolean that is yes by default (mail_conf_bool.c)."""
        text = self._main_cf.value(name, "yes")
        if text.lower() not in ("yes", "no"):
            raise ConfigurationError(f"bad boolean configuration: {name} = {text}")
        return text.lower() == "yes"

    def _number(self, name: str, default: str, minimum: int) -> int:
        text = self._main_cf.value(name, default)
        number = _leading_number(text)
        if number is None or number[1]:
            raise ConfigurationError(f"bad numerical configuration: {name} = {text}")
        if number[0] < minimum:
            raise ConfigurationError(f"invalid {name} parameter value {number[0]} < {minimum}")
        return number[0]

    def _check_mail_owner(self) -> None:
        where = f"file {self._main_cf.path}: parameter"
        try:
            owner = pwd.getpwnam(self.mail_owner)
        except KeyError as error:
            raise ConfigurationError(
                f"{where} mail_owner: unknown user name value: {self.mail_owner}"
            ) from error
        if owner.pw_uid == 0:
            raise ConfigurationError(f"{where} mail_owner: user {self.mail_owner} has privileged user ID")
        if owner.pw_gid == 0:
            raise ConfigurationError(f"{where} mail_owner: user {self.mail_owner} has privileged group ID")
        if self.mail_owner == self._default_privs:
            raise ConfigurationError(
                f"{where}s default_privs and mail_owner specify the same user {self.mail_owner}"
            )

    def _check_maillog_file(self) -> None:
        if self.maillog_file and not any(
            prefix and self.maillog_file.startswith(prefix)
            for prefix in self._maillog_file_prefixes.replace(",", " ").split()
        ):
            raise ConfigurationError(
                f"maillog_file value '{self.maillog_file}' does not match any prefix in maillog_file_prefixes"
            )


def seconds(text: str) -> int | None:
    """A time value in seconds, None where it is malformed (conv_time.c: anything may follow the unit)."""
    number = _leading_number(text)
    if number is None or number[0] < 0:
        return None
    value, rest = number
    unit = _UNITS.get(rest[:1] or "s")
    if unit is None or (unit > 1 and value >= _INT_MAX // unit):
        return None
    return value * unit


def _leading_number(text: str) -> tuple[int, str] | None:
    """The int that the text begins with, as strtol(3) reads it, and what follows; None beyond an int's range.

    0 where there is no number but some text.
    """
    if not text:
        return None
    start = text.lstrip(_SPACE)
    end = 1 if start[:1] in ("+", "-") else 0
    first = end
    while end < len(start) and start[end] in _DIGITS:
        end += 1
    if end == first:
        return 0, text
    value = int(start[:end])
    return (value, start[end:]) if -_INT_MAX - 1 <= value <= _INT_MAX else None
