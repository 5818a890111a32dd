"""The part of a probe that runs within its own network, mounts and processes: all of it ends with this one.

Reads what is to be tried from standard input, and writes what came of it to standard output, in JSON.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from scache.admin.probe.sink import Sink, TcpSink, UnixSink

__all__ = ["main"]

_PATIENCE = 60.0  # seconds for all mails
_GET_FLAGS, _SET_FLAGS, _SET_ADDRESS = 0x8913, 0x8914, 0x8916  # SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR
_UP = 1
_LOOPBACK_INDEX = 1


def main() -> int:
    """Carry out what standard input says."""
    task = json.load(sys.stdin)
    _raise_loopback()
    if task["address"]:
        _add_address(task["address"])
    for source, target in task["mounts"]:
        subprocess.run(["mount", "--bind", source, target], check=True)
    context = _context(task["certificate"])
    sink = Sink(context, wrapped=task["wrapped"])
    server = _server(sink, task)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for source, target in task["mounts_of_sockets"]:
        subprocess.run(["mount", "--bind", source, target], check=True)
    postfix = [task["postfix"], "-c", f"{task['base']}/config"]
    started = subprocess.run([*postfix, "start"], capture_output=True, text=True, check=False)
    _hand_in(task)
    until = time.monotonic() + (0.0 if started.returncode else _PATIENCE)
    while not sink.wait_for(task["mails"] - _given_up(task), 0.2) and time.monotonic() < until:
        pass
    subprocess.run([*postfix, "stop"], capture_output=True, check=False)
    json.dump({"connections": sink.connections, "mails": sink.mails, "log": _complaints(task)}, sys.stdout)
    return 0


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(asking, _GET_FLAGS, request))[1]
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))


def _add_address(address: str) -> None:
    """Have the loopback interface answer to an address, which leads nowhere else here."""
    if ":" in address:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as asking:
            packed = socket.inet_pton(socket.AF_INET6, address)
            fcntl.ioctl(asking, _SET_ADDRESS, packed + struct.pack("Ii", 128, _LOOPBACK_INDEX))
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        packed = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
        fcntl.ioctl(asking, _SET_ADDRESS, struct.pack("16s16s8x", b"lo:0", packed))


def _context(certificate: str | None) -> ssl.SSLContext | None:
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _server(sink: Sink, task: dict[str, Any]) -> TcpSink | UnixSink:
    if task["socket"]:
        server = UnixSink(sink, task["socket"])
        os.chmod(task["socket"], 0o666)
        return server
    host, port = task["listen"]
    return TcpSink(sink, (host, port), socket.AF_INET6 if ":" in host else socket.AF_INET)


def _hand_in(task: dict[str, Any]) -> None:
    host, _colon, port = task["submission"].rpartition(":")
    until = time.monotonic() + _PATIENCE
    with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP(timeout=_PATIENCE) as client:
        while time.monotonic() < until:
            try:
                client.connect(host, int(port))
                break
            except ConnectionRefusedError:
                time.sleep(0.1)  # until smtpd(8) listens
        for number in range(task["mails"]):
            client.sendmail(task["sender"], [task["recipient"]], f"Subject: probe {number}\r\n\r\nprobe\r\n")


def _log(task: dict[str, Any]) -> list[str]:
    """The lines of the log, without time and process."""
    with contextlib.suppress(OSError):
        lines = Path(task["base"], "maillog").read_text("utf-8", "replace").splitlines()
        return [line.partition("]: ")[2] for line in lines]
    return []


def _given_up(task: dict[str, Any]) -> int:
    """How many mails won't come: those that were deferred; all, where a program has died."""
    lines = _log(task)
    if any(line.startswith(("fatal: ", "panic: ")) for line in lines):
        return int(task["mails"])
    return sum("status=deferred" in line or "status=bounced" in line for line in lines)


def _complaints(task: dict[str, Any]) -> list[str]:
    """What the log says against it, of several alike one."""
    serious = ("status=deferred", "status=bounced", "fatal: ", "panic: ", "warning: ")
    wrong = [line for line in _log(task) if any(word in line for word in serious)]
    return list(dict.fromkeys(line.partition("status=")[2] or line for line in wrong))[:5]


if __name__ == "__main__":
    sys.exit(main())
