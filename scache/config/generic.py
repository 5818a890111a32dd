"""The parameters of every Postfix daemon, as far as scache uses them, in Postfix's order (mail_params.c)."""

from __future__ import annotations

import os
import pwd

from scache.checking import TYPE_CHECKING
from scache.config.parameters import BY_NAME
from scache.config.values import Values
from scache.errors import ConfigurationError

if TYPE_CHECKING:
    from scache.config.main_cf import MainCf

__all__ = ["FACILITIES", "Parameters", "logs_utf8"]

#: Numbers of the syslog(3) facilities that syslog_facility can name. openlog(3) doesn't take 0, so mail stays
#: where kern is asked for.
FACILITIES = {
    "auth": 4,
    "authpriv": 10,
    "cron": 9,
    "daemon": 3,
    "ftp": 11,
    "kern": 2,
    "lpr": 6,
    "mail": 2,
    "news": 7,
    "syslog": 5,
    "user": 1,
    "uucp": 8,
    **{f"local{number}": 16 + number for number in range(8)},
}


class Parameters:
    """Their values; times in seconds. ConfigurationError with Postfix's text for the first that is fatal."""

    def __init__(self, main_cf: MainCf) -> None:
        values = Values(main_cf)
        values.text("multi_instance_name", "", minimum=0)
        self.syslog_facility = values.text("syslog_facility", "mail")
        if self.syslog_facility not in FACILITIES:
            raise ConfigurationError(
                f"file {main_cf.path}: parameter syslog_facility: unrecognized value: {self.syslog_facility}"
            )
        self.myhostname = values.text("myhostname", os.uname().nodename)
        values.text("mail_name", "Postfix")
        values.text("process_id", str(os.getpid()), minimum=0)
        self.syslog_name = values.text(
            "syslog_name", "${multi_instance_name?{$multi_instance_name}:{postfix}}"
        )
        self.mail_owner = values.text("mail_owner", "postfix")
        self.queue_directory = values.text("queue_directory", "/var/spool/postfix")
        default_privs = values.text("default_privs", "nobody")
        self.maillog_file = values.text("maillog_file", "", minimum=0)
        maillog_file_prefixes = values.text("maillog_file_prefixes", "/var, /dev/stdout")
        self.postlog_service_name = values.text("postlog_service_name", "postlog")
        values.number("max_use", "100", minimum=1)  # checked, and ignored from then on
        for parameter in (BY_NAME["max_idle"], BY_NAME["ipc_timeout"]):
            values.time(parameter.name, parameter.default)  # for service_settings, with its others
        self.daemon_timeout = values.time("daemon_timeout", "18000s")
        _check_mail_owner(main_cf.path, self.mail_owner, default_privs)
        _check_maillog_file(self.maillog_file, maillog_file_prefixes)


def logs_utf8(main_cf: MainCf) -> bool:
    """Whether UTF-8 in log texts stays as it is (smtputf8_enable, which Postfix reads early)."""
    values = Values(main_cf)
    values.text("compatibility_level", "0")
    return values.choice("smtputf8_enable", "${{$compatibility_level} <level {1} ? {no} : {yes}}")


def _check_mail_owner(path: str, name: str, default_privs: str) -> None:
    where = f"file {path}: parameter"
    try:
        owner = pwd.getpwnam(name)
    except KeyError as error:
        raise ConfigurationError(f"{where} mail_owner: unknown user name value: {name}") from error
    if owner.pw_uid == 0:
        raise ConfigurationError(f"{where} mail_owner: user {name} has privileged user ID")
    if owner.pw_gid == 0:
        raise ConfigurationError(f"{where} mail_owner: user {name} has privileged group ID")
    if name == default_privs:
        raise ConfigurationError(f"{where}s default_privs and mail_owner specify the same user {name}")


def _check_maillog_file(path: str, prefixes: str) -> None:
    if path and not any(path.startswith(prefix) for prefix in prefixes.replace(",", " ").split()):
        raise ConfigurationError(
            f"maillog_file value '{path}' does not match any prefix in maillog_file_prefixes"
        )
