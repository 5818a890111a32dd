"""The mail log: lines to syslogd, or to postlogd where maillog_file is set (msg_syslog.c, msg_logger.c).

Postfix's daemons never write maillog_file themselves: postlogd does. Not `logging`, whose import takes longer
than all the rest of the daemon's start.
"""

from __future__ import annotations

import _socket
import os
import time
from _socket import AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK

from scache.checking import TYPE_CHECKING
from scache.daemon.log_outlet import Outlet, StandardError
from scache.protocol.attributes import printed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Console", "MailLog", "PostlogService", "Syslog"]

_LONGEST = 2000  # bytes of a text, without its severity
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: syslog(3) levels by the word that a line begins with; all else is information.
_LEVELS = {"panic": 2, "fatal": 2, "error": 3, "warning": 4}
_INFORMATION = 6
_PRINTABLE = bytes(byte if 32 <= byte < 127 else ord("?") for byte in range(256))


class _Datagrams:
    """A datagram socket to a logging service, connected at once, so before a chroot; it never waits.

    A lost service is looked for again with each line. paths: where it may be found, of which the later ones
    are for the time after a chroot.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths
        self._socket: _socket.socket | None = None
        self._connect()

    @property
    def descriptor(self) -> int:
        """The socket's, -1 for none."""
        return self._socket.fileno() if self._socket is not None else -1

    def _connect(self) -> None:
        self.close()
        for path in self._paths:
            service = _socket.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK)
            try:
                service.connect(path)
            except OSError:
                service.close()
            else:
                self._socket = service
                return

    def send(self, line: bytes) -> int:
        """Send one line, over a new connection if the old one fails. BlockingIOError while it is full."""
        try:
            if self._socket is not None:
                return self._socket.send(line)
        except BlockingIOError:
            raise
        except OSError:
            pass
        self._connect()
        if self._socket is None:
            raise FileNotFoundError
        return self._socket.send(line)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Syslog:
    """syslogd's socket. facility: number of the syslog(3) facility."""

    def __init__(self, facility: int, path: str = "/dev/log") -> None:
        self._facility = facility
        self.destination = _Datagrams((path,))

    def line(self, level: int, tag: str, text: bytes) -> bytes:
        """One line as syslog(3) sends it: `<22>Nov  3 11:10:00 tag[pid]: text`."""
        now = time.localtime()
        head = f"<{self._facility * 8 + level}>{_MONTHS[now.tm_mon - 1]} {now.tm_mday:2} {_clock_time(now)} "
        return _bytes(f"{head}{tag}[{os.getpid()}]: ") + text


class PostlogService:
    """postlogd's socket. path: as seen from outside a chroot; root: the directory that may become the root.

    hostname: only what stands before the first dot is logged.
    """

    def __init__(self, path: str, hostname: str, root: str = "") -> None:
        inside = path.removeprefix(root) if root else path
        self._hostname = hostname.partition(".")[0]
        self.destination = _Datagrams((path,) if inside == path else (path, inside))

    def line(self, _level: int, tag: str, text: bytes) -> bytes:
        """One line as Postfix sends it: `Nov 03 11:10:00 host tag[pid]: text`."""
        now = time.localtime()
        head = f"{_MONTHS[now.tm_mon - 1]} {now.tm_mday:02} {_clock_time(now)} {self._hostname} "
        return _bytes(f"{head}{tag}[{os.getpid()}]: ") + text


class Console:
    """`tag: text` on standard error, for -V and for people who start the daemon by hand.

    tag: instead of the log's own.
    """

    def __init__(self, tag: str = "") -> None:
        self._tag = tag
        self.destination = StandardError()

    def line(self, _level: int, tag: str, text: bytes) -> bytes:
        """One line."""
        return _bytes(f"{self._tag or tag}: ") + text + b"\n"


class MailLog:
    """Sends each line to its places; never waits for one. tag: what stands before the process id.

    utf8: whether UTF-8 is logged as it is (smtputf8_enable). outlets: where the lines go, of which each wants
    the event loop's attention.
    """

    def __init__(self, tag: str, *places: Syslog | PostlogService | Console) -> None:
        self.tag = tag
        self.utf8 = False
        self.outlets: list[Outlet] = []
        self._places: list[Syslog | PostlogService | Console] = []
        for place in places:
            self.add(place)

    def __call__(self, line: str) -> None:
        """Log `warning: text`, `fatal: text` and so on; a line that begins otherwise is information.

        Bytes that don't print become question marks (printable.c); a text beyond 2,000 bytes is cut, on
        standard error (msg_vstream.c) it isn't.
        """
        severity, colon, text = line.partition(": ")
        level = _LEVELS.get(severity) if colon else None
        if level is None:
            level, severity, colon, text = _INFORMATION, "", "", line
        head, data = _bytes(severity + colon), _bytes(text)
        cut = head + self._shown(data[:_LONGEST])
        whole = cut if len(data) <= _LONGEST else head + self._shown(data)
        for place, outlet in zip(self._places, self.outlets, strict=True):
            outlet.write(place.line(level, self.tag, whole if isinstance(place, Console) else cut))

    def _shown(self, data: bytes) -> bytes:
        return printed(data).encode("utf-8", "surrogateescape") if self.utf8 else data.translate(_PRINTABLE)

    def add(self, place: Syslog | PostlogService | Console) -> None:
        """Log there, too."""
        self._places.append(place)
        self.outlets.append(self._outlet(place))

    def replace(self, tag: str, place: Syslog | PostlogService) -> None:
        """Log under another tag, and where it went first no more."""
        self.tag = tag
        self.outlets[0].close()
        old = self._places[0].destination
        if isinstance(old, _Datagrams):
            old.close()
        self._places[0] = place
        self.outlets[0] = self._outlet(place)

    def close(self) -> None:
        """Send what waits as far as it is taken at once, and give up the rest."""
        for outlet in self.outlets:
            outlet.close()

    def _outlet(self, place: Syslog | PostlogService | Console) -> Outlet:
        level = _LEVELS["warning"]
        return Outlet(place.destination, lambda text: place.line(level, self.tag, text))


def _clock_time(now: time.struct_time) -> str:
    return f"{now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02}"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
