"""The private directories of one daemon: main.cf, queue directory, listening socket, mail log."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import socket
import tempfile
from pathlib import Path

from conformance.postfix.device_log import DeviceLog

__all__ = ["Instance", "mail_owner"]

#: What comes before the text: from syslog(3) priority and time, for postlogd(8) time and host; then the
#: program's name and process number.
_LOG_PREFIX = re.compile(r"^(?:<\d+>.{15}|.{15} \S+) \S+\[\d+\]: ")
#: Where files cost nothing: these live for milliseconds.
_MEMORY = Path("/dev/shm")
_BACKLOG = 100
_LONG_AGO = 1_000_000_000


class Instance:
    """Where one daemon lives; everything is removed by `close`."""

    def __init__(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="scache-", dir=_MEMORY if _MEMORY.is_dir() else None))
        # The daemon looks at its clock's file after it has given up root.
        self.base.chmod(0o755)
        self.queue = self.base / "queue"
        self.config = self.base / "config"
        for directory in (self.queue, self.queue / "private", self.queue / "public", self.config):
            directory.mkdir(mode=0o755)
        if os.geteuid() == 0:
            shutil.chown(self.queue / "private", mail_owner())  # as in Postfix
        self.path = self.queue / "private" / "scache"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.path.chmod(0o666)  # as master(8) does: the directory around it says who gets in
        self.listener.listen(_BACKLOG)
        # From 3.4 on Postfix sends its log here and nowhere else: it derives the name from queue_directory.
        self._log_path = self.queue / "public" / "postlog"
        self.log_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log_socket.bind(str(self._log_path))
        self.log_socket.setblocking(False)
        self._log_path.chmod(0o666)
        self.device_log = DeviceLog(self._log_path)
        self._write_configuration()

    def _write_configuration(self) -> None:
        main_cf = self.config / "main.cf"
        main_cf.write_text(
            "compatibility_level = 2\n"
            f"queue_directory = {self.queue}\n"
            f"mail_owner = {mail_owner()}\n"
            # Set, so that the log goes to the postlog socket; the file itself is never opened. Releases
            # before 3.4 don't know it, and call syslog(3).
            "maillog_file = /var/log/scache.log\n" + ("scache_core_dump = yes\n" if os.geteuid() else "")
            # Whoever runs the bench looks at what its daemon waits for; root may do so in any case.
        )
        # A Postfix daemon waits while main.cf is younger than two seconds.
        os.utime(main_cf, (_LONG_AGO, _LONG_AGO))

    def environment(self) -> dict[str, str]:
        """What master(8) gives to its child."""
        return {
            "MAIL_CONFIG": str(self.config),
            "MAIL_LOGTAG": "postfix",
            "LANG": "C",
            "POSTLOG_SERVICE": str(self._log_path),
            "POSTLOG_HOSTNAME": "localhost",
            "GENERATION": "1",
        }

    def read_log(self) -> list[str]:
        """The log texts that have come in since the last call, without time, host and tag."""
        texts: list[str] = []
        while True:
            try:
                datagram = self.log_socket.recv(65536)
            except BlockingIOError:
                return texts
            texts.append(_LOG_PREFIX.sub("", datagram.decode("utf-8", "surrogateescape").rstrip("\n")))

    def close(self) -> None:
        """Close the sockets and remove the directories."""
        self.listener.close()
        self.log_socket.close()
        shutil.rmtree(self.base, ignore_errors=True)


def mail_owner() -> str:
    """Postfix's user, or any that is not `nobody`: default_privs is that, and they mayn't be the same."""
    users = {account.pw_name for account in pwd.getpwall()}
    return next((name for name in ("postfix", "daemon") if name in users), "mail")
