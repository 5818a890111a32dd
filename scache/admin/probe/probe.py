"""Setting a probe up, and what it has found out."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scache
from scache.admin.check.next_hop import bare
from scache.admin.configuration import Configuration, Effective, Service
from scache.admin.probe.private import Private, Way, private
from scache.admin.tools import Tools
from scache.errors import UnavailableError

__all__ = ["Outcome", "probe"]

_ISOLATION = ("unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
_LIMIT = 180.0  # seconds for all of it
_SINK = "127.0.0.2"
_LONG_AGO = 1_000_000_000  # Postfix's programs wait until main.cf is two seconds old


@dataclass(frozen=True)
class Outcome:
    """connections, mails: what the private server has counted. log: what its Postfix said against it."""

    connections: int
    mails: int
    log: tuple[str, ...]


def probe(
    configuration: Configuration, service: Service, way: Way, recipient: str, mails: int, tools: Tools
) -> Outcome:
    """Have a private instance deliver mails that way.

    Raises UnavailableError where that can't be done: without root, unshare(1) or openssl(1).
    """
    if os.geteuid() != 0:
        raise UnavailableError("--probe: a private Postfix can be started by root only")
    if shutil.which(_ISOLATION[0]) is None:
        raise UnavailableError("--probe: no unshare(1) here to keep the mails from the network")
    if configuration.services is None:
        raise UnavailableError("--probe: master.cf is not known")
    with tempfile.TemporaryDirectory(prefix="scache-probe-") as base:
        os.chmod(base, 0o755)
        made = private(configuration, service, way, base)
        _write(base, made, configuration)
        task = _task(service, Effective(configuration, service), way, base)
        task |= {
            "submission": made.submission,
            "recipient": recipient,
            "sender": "probe@localhost",
            "mails": mails,
            "postfix": tools.path("postfix"),
            "certificate": _certificate(base),
        }
        return _run(task)


def _write(base: str, made: Private, configuration: Configuration) -> None:
    for name in ("config", "queue", "data", "queue/private"):
        Path(base, name).mkdir()
    owner = configuration.main().text("mail_owner")
    shutil.chown(f"{base}/data", owner)
    shutil.chown(f"{base}/queue/private", owner)
    Path(base, "config/main.cf").write_text(made.main_cf)
    Path(base, "config/master.cf").write_text(made.master_cf)
    os.utime(Path(base, "config/main.cf"), (_LONG_AGO, _LONG_AGO))


def _task(service: Service, effective: Effective, way: Way, base: str) -> dict[str, Any]:
    """Where the server listens, and what is put in place for it."""
    task: dict[str, Any] = {
        "base": base,
        "address": None,
        "socket": None,
        "listen": None,
        "mounts": [],
        "mounts_of_sockets": [],
        "wrapped": effective.is_yes(f"{service.agent}_tls_wrappermode"),
    }
    hop = way.next_hop.removeprefix("inet:") if service.agent == "lmtp" else way.next_hop
    if service.agent == "lmtp" and hop.startswith("unix:"):
        path = hop.removeprefix("unix:")
        task["socket"] = f"{base}/socket" if path.startswith("/") else f"{base}/queue/{path}"
        if path.startswith("/"):
            if not os.path.exists(path):
                raise UnavailableError(f"--probe: {path}: no such socket to stand in for")
            task["mounts_of_sockets"] = [[task["socket"], path]]
        return task
    host, port = bare(hop), _port(hop, service)
    try:
        address = ipaddress.ip_address(host.removeprefix("ipv6:"))
    except ValueError:
        Path(base, "hosts").write_text(f"127.0.0.1 localhost\n{_SINK} {host}\n")
        return task | {"listen": [_SINK, port], "mounts": [[f"{base}/hosts", "/etc/hosts"]]}
    own = None if address.is_loopback else str(address)
    return task | {"address": own, "listen": [str(address), port]}


def _port(hop: str, service: Service) -> int:
    text = hop.rpartition("]")[2] if hop.startswith("[") else hop
    name = text.rpartition(":")[2] if text.count(":") == 1 else ""
    if not name:
        return 24 if service.agent == "lmtp" else 25
    try:
        return int(name) if name.isdecimal() else socket.getservbyname(name)
    except OSError as error:
        raise UnavailableError(f"--probe: {name}: no such service") from error


def _certificate(base: str) -> str | None:
    """A certificate with its key, in one file, for the length of the probe; None without openssl(1)."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    file = f"{base}/certificate.pem"
    words = [
        *(openssl, "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=probe", "-newkey", "ec"),
        *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-keyout", f"{base}/key.pem", "-out", file),
    ]
    subprocess.run(words, capture_output=True, check=True)
    with open(file, "a", encoding="ascii") as both:
        both.write(Path(base, "key.pem").read_text("ascii"))
    return file


def _run(task: dict[str, Any]) -> Outcome:
    words = [*_ISOLATION, sys.executable, "-m", "scache.admin.probe.inside"]
    root = str(Path(scache.__file__).parents[1])
    try:
        done = subprocess.run(
            words,
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
            cwd="/",
            env={**os.environ, "PYTHONPATH": root},
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"--probe: not done after {_LIMIT:.0f} s") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise UnavailableError(f"--probe: {said[-1]}")
    found = json.loads(done.stdout)
    return Outcome(found["connections"], found["mails"], tuple(found["log"]))
